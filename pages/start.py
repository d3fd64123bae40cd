"""The start page: what this is, a map to drag at once, and the doors to the other pages."""

from ui import page, start_view

page.show_page("start", start_view.show_start)
