"""The glossary: every word of this app in one plain sentence."""

from ui import glossary

glossary.show()
