import re
import subprocess
import sys


def test_the_page_on_transitions_prints_what_it_says(pytestconfig):
    page = (pytestconfig.rootpath / "docs/transitions.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    [said] = re.findall(r"```text\n(.*?)```", page, flags=re.DOTALL)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (said, "")
