"""The `dossier` command as an operator meets it, judged by its exit code and its sentences: servers and one refusal in
processes of their own, what ends by itself in this one."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import stat
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from documents.database.embedded import running_uri
from tests.command import DOSSIER, ROOT, environment, run_dossier, run_dossier_process
from tests.patience import PROCESS_SECONDS
from tests.ports import unused_port


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a first start: an empty data directory, a free port, few customers."""
    return environment(data_dir=tmp_path / "var", port=unused_port(), demo_customers=20)


def _run(arguments: str, environ: Mapping[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    return run_dossier(environ, *arguments.split(), stdin=stdin)


def _assert_refused(result: subprocess.CompletedProcess[str], *named: str) -> None:
    """One sentence on stderr, no traceback, a non-zero exit code."""
    assert result.returncode == 1, result.stderr
    assert result.stderr.startswith("dossier: ")
    assert result.stderr.count("\n") == 1
    for name in named:
        assert name in result.stderr


@contextlib.contextmanager
def _started(command: str, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The server, once it answers."""
    process = subprocess.Popen(
        [*DOSSIER, command], cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        _wait_until_ready(process, int(environ["DOSSIER_PORT"]))
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _wait_until_ready(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + PROCESS_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    pytest.fail(f"the server did not become ready: {process.communicate()[0] if process.poll() is not None else ''}")


def _end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    process.send_signal(number)
    output, _ = process.communicate(timeout=PROCESS_SECONDS)
    return process.returncode, output


class TestStarts:
    """What a start prints, keeps and leaves behind."""

    @pytest.mark.slow
    def test_a_demo_start_to_its_end_and_again(self, environ: dict[str, str], tmp_path: Path) -> None:
        """The first start seeds and prints the logins; a signal ends everything; the second start keeps them."""
        passwords = []
        for number in (signal.SIGINT, signal.SIGTERM):
            with _started("demo", environ) as process:
                assert running_uri(tmp_path / "var") is not None
                code, output = _end(process, number)
            assert code == 0, output
            assert "Traceback" not in output
            assert running_uri(tmp_path / "var") is None
            assert f"http://127.0.0.1:{environ['DOSSIER_PORT']}/graphql" in output
            assert re.search(r"demo\.agent +service_agent +customer_service", output)
            passwords += re.findall(r"Password of every demo login: (\S+)", output)
        assert len(passwords) == 2
        assert len(set(passwords)) == 1
        kept = tmp_path / "var" / "demo-password"
        assert kept.read_text().strip() == passwords[0]
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert "Making demo customers" not in output
        _assert_refused(_run("serve", environ), "holds demo accounts", "DOSSIER_DATABASE")

    @pytest.mark.slow
    def test_production_serves_and_its_accounts_are_managed_meanwhile(self, environ: dict[str, str]) -> None:
        """Accounts are added, listed and disabled beside the running server; mistakes are one sentence."""
        account = "account add ann --role service_agent --purpose customer_service --department service"
        with _started("serve", environ) as process:
            _assert_refused(_run(account, environ, "a long enough password\n"), "department")
            assert _run("department add service --en Service --zh 服务部", environ).returncode == 0
            assert _run(account, environ, "a long enough password\n").returncode == 0
            _assert_refused(_run(account, environ, "a long enough password\n"), "an account `ann` already")
            _assert_refused(_run(account.replace("ann", "bob"), environ, "short\n"), "12 to 256 characters")
            _assert_refused(
                _run(account.replace("service_agent", "king"), environ, "a long enough password\n"),
                "role `king`",
                "service_agent",
            )
            for taken in ("account add system --role auditor", "account add ann2 --role system"):
                refused = _run(f"{taken} --purpose supervision", environ, "a long enough password\n")
                _assert_refused(refused, "of the product itself")
            assert _run("account disable ann", environ).returncode == 0
            _assert_refused(_run("account disable bob", environ), "no account `bob`")
            assert re.search(r"ann .*service_agent .*disabled", _run("account list", environ).stdout)
            code, output = _end(process, signal.SIGINT)
        assert code == 0
        assert "Traceback" not in output
        _assert_refused(_run("demo", environ), "accounts of its own")

    def test_the_schema_is_printed_without_a_database(self, environ: dict[str, str]) -> None:
        """`dossier schema` needs neither mongod nor port, and touches no directory."""
        result = run_dossier_process(environ, "schema")
        assert result.returncode == 0, result.stderr
        assert "type Query" in result.stdout
        assert not Path(environ["DOSSIER_DATA_DIR"]).exists()


class TestRefusals:
    """Every expected failure of a start is one sentence and a non-zero exit."""

    def test_a_port_in_use(self, environ: dict[str, str]) -> None:
        """It is found before the database is started, and named with its setting."""
        with socket.create_server(("127.0.0.1", int(environ["DOSSIER_PORT"]))):
            _assert_refused(run_dossier_process(environ, "demo"), environ["DOSSIER_PORT"], "DOSSIER_PORT")
        assert not Path(environ["DOSSIER_DATA_DIR"]).exists()

    def test_an_unknown_setting(self, environ: dict[str, str]) -> None:
        """A typo in a setting is named with the setting that was probably meant."""
        _assert_refused(_run("demo", environ | {"DOSSIER_PROT": "1"}), "DOSSIER_PROT", "DOSSIER_PORT")

    def test_an_old_data_directory(self, environ: dict[str, str], tmp_path: Path) -> None:
        """The data of another layout are left alone."""
        (tmp_path / "var").mkdir()
        (tmp_path / "var" / "layout.json").write_text('{"layout": 0}')
        _assert_refused(_run("demo", environ), "layout 0", "DOSSIER_DATA_DIR")

    def test_a_database_that_does_not_answer(self, environ: dict[str, str]) -> None:
        """The operator's own MongoDB is not there."""
        uri = f"mongodb://root:hunter2@127.0.0.1:{unused_port()}/"
        result = _run("serve", environ | {"DOSSIER_MONGODB_URI": uri})
        _assert_refused(result, "no MongoDB answers", "DOSSIER_MONGODB_URI")
        assert "hunter2" not in result.stderr

    def test_another_root_key(self, environ: dict[str, str], tmp_path: Path, mongodb_uri: str) -> None:
        """A database encrypted under one root key does not open with another one."""
        mine = environ | {"DOSSIER_MONGODB_URI": mongodb_uri, "DOSSIER_DATABASE": f"test_{unused_port()}"}
        assert _run("account list", mine).returncode == 0
        key = tmp_path / "var" / "root.key"
        key.write_bytes(bytes(32))
        _assert_refused(_run("serve", mine), str(key))
