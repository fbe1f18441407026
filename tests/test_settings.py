"""The settings: their defaults, and one sentence that names the variable for everything that is wrong."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from settings import Settings, SettingsError


def test_an_empty_environment_gives_a_process_for_this_machine_alone() -> None:
    """Without settings the server listens on the loopback address, with every limit in force."""
    settings = Settings.from_environment({"PATH": "/bin", "HOME": "/root"})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8000, Path("var"))
    assert (settings.max_body_bytes, settings.max_depth, settings.max_aliases) == (1024 * 1024, 12, 30)


def test_every_setting_is_read_from_its_variable(tmp_path: Path) -> None:
    """What the environment names arrives, and in its own type."""
    pem = tmp_path / "server.pem"
    pem.touch()
    expected = Settings(
        host="::1",
        port=9000,
        workers=2,
        tls_certificate=pem,
        tls_key=pem,
        trusted_proxies=("10.0.0.0/8", "::1/128"),
        data_dir=tmp_path,
        mongodb_uri="mongodb://127.0.0.1/?replicaSet=a",
        database="other",
        jobs="worker",
        broker="redis://127.0.0.1:6379/0",
        demo_password="long enough to pass",
        demo_customers=9,
        oidc_issuer="https://login.example/realms/a",
        oidc_audience="dossier",
        access_token_seconds=60,
        refresh_token_seconds=3600,
        max_body_bytes=2048,
        max_depth=3,
        max_aliases=0,
        max_tokens=100,
        max_cost=500,
        request_seconds=1,
        ticket_escalation=("clerk", "lead", "head"),
        complaint_escalation=("clerk_2", "lead", "head"),
        verification_four_eyes=False,
        exposure_policy="warn",
        credit_four_eyes=True,
        company_name="a",
        company_address="b",
        company_telephone="c",
        company_account="d",
        policy_approval=False,
        audit_trail=False,
        audit_witness=("https://witness.example/heads", "http://127.0.0.1:9/"),
        trusted_documents=pem,
        trusted_documents_only=True,
    )
    environ = {f"DOSSIER_{field.name.upper()}": str(getattr(expected, field.name)) for field in fields(Settings)}
    environ["DOSSIER_TRUSTED_PROXIES"] = "10.0.0.0/8, ::1"
    environ["DOSSIER_TICKET_ESCALATION"] = "clerk, lead,head"
    environ["DOSSIER_COMPLAINT_ESCALATION"] = "clerk_2,lead,head"
    environ["DOSSIER_AUDIT_WITNESS"] = "https://witness.example/heads, http://127.0.0.1:9/"
    assert Settings.from_environment(environ) == expected


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DOSSIER_PORT", "0"),
        ("DOSSIER_AUDIT_WITNESS", "witness.example"),
        ("DOSSIER_JOBS", "off"),
        ("DOSSIER_TICKET_ESCALATION", "clerk,lead"),
        ("DOSSIER_COMPLAINT_ESCALATION", "clerk,,head"),
        ("DOSSIER_BROKER", "mongodb://127.0.0.1"),
        ("DOSSIER_TRUSTED_DOCUMENTS", "/nothing/there"),
        ("DOSSIER_TRUSTED_DOCUMENTS_ONLY", "yes"),
        ("DOSSIER_PORT", "65536"),
        ("DOSSIER_PORT", "8_000"),
        ("DOSSIER_PORT", " 8000"),
        ("DOSSIER_PORT", "８０００"),
        ("DOSSIER_PORT", "-1"),
        ("DOSSIER_HOST", ""),
        ("DOSSIER_HOST", "a\nb"),
        ("DOSSIER_WORKERS", "two"),
        ("DOSSIER_MONGODB_URI", "http://127.0.0.1"),
        ("DOSSIER_DATABASE", "a.b"),
        ("DOSSIER_DATABASE", "Admin"),
        ("DOSSIER_DATABASE", "a" * 39),
        ("DOSSIER_DEMO_PASSWORD", "short"),
        ("DOSSIER_DEMO_CUSTOMERS", "0"),
        ("DOSSIER_OIDC_ISSUER", "http://login.example"),
        ("DOSSIER_OIDC_ISSUER", "https://login.example?a=b"),
        ("DOSSIER_OIDC_ISSUER", "https://["),
        ("DOSSIER_TRUSTED_PROXIES", "*"),
        ("DOSSIER_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("DOSSIER_TLS_KEY", "/nowhere/key.pem"),
        ("DOSSIER_MAX_DEPTH", "12.5"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_variable(variable: str, value: str) -> None:
    """Nothing is guessed: a value that does not fit stops the start."""
    with pytest.raises(SettingsError) as refusal:
        Settings.from_environment({variable: value})
    assert str(refusal.value).startswith(variable)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("DOSSIER_PROT", "DOSSIER_PORT"),
        ("DOSSIER_MONGO_URI", "DOSSIER_MONGODB_URI"),
        ("DOSSIER_DATADIR", "DOSSIER_DATA_DIR"),
    ],
)
def test_an_unknown_variable_names_the_nearest_known(typo: str, meant: str) -> None:
    """A typo does not silently leave the default in force."""
    with pytest.raises(SettingsError, match=rf"{typo} .*{meant}\?"):
        Settings.from_environment({typo: "1"})


@pytest.mark.parametrize(
    ("given", "value", "missing"),
    [
        ("DOSSIER_TLS_KEY", __file__, "DOSSIER_TLS_CERTIFICATE"),
        ("DOSSIER_TLS_CERTIFICATE", __file__, "DOSSIER_TLS_KEY"),
        ("DOSSIER_OIDC_ISSUER", "https://a.example", "DOSSIER_OIDC_AUDIENCE"),
        ("DOSSIER_OIDC_AUDIENCE", "dossier", "DOSSIER_OIDC_ISSUER"),
        ("DOSSIER_TRUSTED_DOCUMENTS_ONLY", "true", "DOSSIER_TRUSTED_DOCUMENTS"),
    ],
)
def test_half_of_a_pair_names_the_other_half(given: str, value: str, missing: str) -> None:
    """A certificate without its key never falls back to plain HTTP."""
    with pytest.raises(SettingsError, match=f"{given} needs {missing}"):
        Settings.from_environment({given: value})


def test_secrets_are_not_printed() -> None:
    """A logged settings object shows neither the demo password nor the credentials in the database's URI."""
    shown = repr(Settings(demo_password="open sesame", mongodb_uri="mongodb://root:hunter2@db"))
    assert "sesame" not in shown
    assert "hunter2" not in shown
