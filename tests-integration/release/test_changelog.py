"""Each package's changelog fragments are of a kind that towncrier knows, and read as they should."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "tools/release/towncrier.toml"
PACKAGES = ["http1", "httpserver", "iostream", "netsock", "tcpserver"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_fragment_has_a_name_and_a_kind(package: str) -> None:
    kinds = {
        each["directory"]
        for each in tomllib.loads(CONFIGURATION.read_text())["tool"]["towncrier"]["type"]
    }

    for fragment in (ROOT / "packages" / package / "changelog.d").glob("[!.]*"):
        name, kind, suffix = fragment.name.split(".")
        assert name
        assert kind in kinds, fragment
        assert suffix == "md"
        assert fragment.read_text().strip()


def test_a_fragment_becomes_an_item_of_the_changelog(tmp_path: Path) -> None:
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "changelog.d" / "tea.feature.md").write_text("Tea is served.\n")
    (tmp_path / "changelog.d" / "cups.bugfix.md").write_text(
        "Cups no longer leak,\nnot even hot.\n"
    )
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(
        "# Changelog of tea\n\n<!-- towncrier release notes start -->\n\n## 1!0.1.0 (2026-01-01)\n"
    )
    template = tmp_path / "changelog.md.jinja"
    template.write_text((ROOT / "tools/release/changelog.md.jinja").read_text())
    configuration = tmp_path / "towncrier.toml"
    configuration.write_text(
        CONFIGURATION.read_text().replace(
            "../../tools/release/changelog.md.jinja", "changelog.md.jinja"
        )
    )
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "towncrier",
        "build",
        "--config",
        configuration,
        "--dir",
        tmp_path,
    ]

    subprocess.run(
        [*command, "--version", "1!0.2.0", "--date", "2026-02-03", "--keep"],
        check=True,
        cwd=tmp_path,
    )

    assert changelog.read_text() == (
        "# Changelog of tea\n"
        "\n"
        "<!-- towncrier release notes start -->\n"
        "\n"
        "## 1!0.2.0 (2026-02-03)\n"
        "\n"
        "### Added\n"
        "\n"
        "- Tea is served.\n"
        "\n"
        "### Fixed\n"
        "\n"
        "- Cups no longer leak,\n"
        "  not even hot.\n"
        "\n"
        "## 1!0.1.0 (2026-01-01)\n"
    )
