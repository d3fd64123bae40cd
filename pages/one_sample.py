"""One sample, one Gaussian: the story, in six steps, of how one sample can have a mean and a standard deviation."""

from ui import page, story_view

page.show_page("story", story_view.show_story)
