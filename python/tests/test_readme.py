"""The examples of README.md run. (Its commands are those that ../test runs.)"""
import pathlib
import re
import unittest


class Test(unittest.TestCase):
    def test_examples(self):
        text = pathlib.Path(__file__).parents[1].joinpath("README.md").read_text()
        examples = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        self.assertGreater(len(examples), 4)
        names = {}
        for example in examples:
            exec(compile(example, "README.md", "exec"), names)


if __name__ == "__main__":
    unittest.main()
