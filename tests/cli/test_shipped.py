"""What is said of a recipe that ships: its name, and the comment it begins with."""

from genlab.cli.shipped import shipped_recipes


class FakeRegistry:
    def __init__(self, *paths):
        self.paths = paths

    def recipe_paths(self):
        return self.paths


def test_the_first_sentence_of_the_comment_at_the_top_is_the_summary_however_many_lines_it_has(tmp_path):
    (tmp_path / "one.toml").write_text('# A line,\n# of 3.5 words. And\n# another.\nname = "x"  # no\n# nor this\n')
    (recipe,) = shipped_recipes(FakeRegistry(tmp_path))
    assert (recipe.name, recipe.summary) == ("one", "A line, of 3.5 words.")


def test_a_recipe_without_a_comment_has_no_summary(tmp_path):
    (tmp_path / "one.toml").write_text('name = "x"\n# late\n')
    assert shipped_recipes(FakeRegistry(tmp_path))[0].summary == ""


def test_folders_and_files_are_listed_together_by_name(tmp_path):
    (tmp_path / "folder").mkdir()
    for file in ("folder/b.toml", "folder/notes.md", "a.toml"):
        (tmp_path / file).write_text("")
    recipes = shipped_recipes(FakeRegistry(tmp_path / "folder", tmp_path / "a.toml"))
    assert [recipe.name for recipe in recipes] == ["a", "b"]
