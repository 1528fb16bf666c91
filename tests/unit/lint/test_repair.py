from pathlib import Path

from vaultgen.lint.finding import Edit, Finding, Fix
from vaultgen.lint.repair import repaired


def finding(*edits: Edit) -> Finding:
    return Finding("a", 1, 1, "rule", "error", "message", "hint", Fix("mend it", edits) if edits else None)


def test_fixes_of_one_file_are_written_together(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("\ufeffé: b\r\nc: d\r\n".encode())
    path.chmod(0o640)
    first, second = (finding(Edit(str(path), at, at + 1, "xy")) for at in (3, 9))
    files, done = repaired([first, finding(), second])
    assert done == [first, second]
    (file,) = files
    assert (file.path, file.content.decode(), file.mode) == (path, "\ufeffé: xy\r\nc: xy\r\n", 0o640)


def test_of_fixes_that_overlap_the_first_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.env"
    path.write_text("abcdef")
    first, second = finding(Edit(str(path), 0, 3, "x")), finding(Edit(str(path), 2, 4, "y"))
    files, done = repaired([first, second])
    assert ([file.content for file in files], done) == ([b"xdef"], [first])


def test_a_fix_that_would_break_the_file_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: b\n")
    assert repaired([finding(Edit(str(path), 3, 4, "[")), finding()]) == ([], [])


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.env"
    path.write_bytes(b"A=\xff")
    assert repaired([finding(Edit(str(path), 0, 1, "B"))]) == ([], [])


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.env").write_text("A")
    link = tmp_path / "a.env"
    link.symlink_to("real.env")
    (file,), _ = repaired([finding(Edit(str(link), 0, 1, "B"))])
    assert file.path == tmp_path / "real.env"
