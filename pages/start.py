"""The start page: what this is, a map to drag at once, and the doors to the other pages."""

from ui import page, start_view

start_view.lead_on()
page.show_page("start", start_view.opened())
