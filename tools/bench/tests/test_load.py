import pytest
from tools.bench.load import Outcome
from tools.bench.load import Program
from tools.bench.load import Wrk

LINE = '{"operations": 10, "seconds": 0.5, "errors": 0, "p50_us": 1.0, "p99_us": 2.0}'


def test_the_outcome_is_the_last_line() -> None:
    assert Outcome.parse(f"Running 1s test\n\n{LINE}\n") == Outcome(10, 0.5, 0, 1.0, 2.0)


@pytest.mark.parametrize("output", ["", "unable to connect", "{}", '{"operations": 1}', "[1]"])
def test_output_without_an_outcome_is_refused(output: str) -> None:
    with pytest.raises(ValueError, match="reported no outcome"):
        Outcome.parse(output)


def test_the_command_of_wrk() -> None:
    command = Wrk(connections=3, method="POST", pipelined=2, close=True, tls=True).command(
        "", 80, 1
    )
    assert command[-4:] == ["--", "POST", "2", "close"]
    assert "https://127.0.0.1:80/" in command


def test_the_command_of_a_program() -> None:
    command = Program("echo", ("--connects",)).command("python", 80, 0.5)
    assert command == [
        "python", "-m", "tools.bench.generators.echo", "--port", "80", "--seconds", "0.5",
        "--connects",
    ]  # fmt: skip
