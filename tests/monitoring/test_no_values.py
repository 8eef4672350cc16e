"""Marked secrets and personal data sent through every place of a request: none is in any file, log, metric or trace."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path

from e2e.e2e_process import serving, until
from monitoring.receivers import web
from ringwall.examples.clinic import CONTRACT

ATTACK = "' UNION SELECT name FROM sqlite_master--"


def test_no_value_of_a_request_is_kept_anywhere_but_in_the_application(tmp_path: Path) -> None:
    marks = (f"zq{n:03d}marked" for n in itertools.count())
    sent: list[str] = []

    def mark() -> str:
        sent.append(next(marks))
        return sent[-1]

    with web() as hook, web() as otel:
        contract = tmp_path / "ringwall.yaml"
        contract.write_text(
            CONTRACT.read_text("utf-8")
            + f"""
monitoring:
  respond: {{dry_run: false, actions: [{{on: [cross-origin], do: slow, rate: 9999/second}}]}}
  notify:
    webhooks: [{{url: "http://127.0.0.1:{hook.port}/", secret_env: HOOK, from: low}}]
    otel: {{endpoint: "http://127.0.0.1:{otel.port}"}}
"""
        )
        with serving(tmp_path, "--contract", str(contract), env={"HOOK": mark()}) as running:
            ana, nora = running.sign_in("ana"), running.sign_in("nora")
            with running.client(Authorization=f"Bearer {ana}") as client, running.client() as anonymous:
                for path in ("/patients/{}", "/patients/1/visits/{}", "/leaflets/{}", "/undeclared/{}", "/{}"):
                    client.get(path.format(mark()))
                client.get("/patients/search", params={"q": f"{mark()}{ATTACK}"})
                client.get("/patients/search", params={"q": mark(), "order": mark()})
                client.get("/welcome", params={"name": f"<script>{mark()}</script>"})
                client.get("/forms/file", params={"name": f"../../{mark()}"})
                client.get("/go", params={"to": f"https://{mark()}.example/"})
                client.get("/patients/1", headers={"x-anything": mark(), "cookie": f"a={mark()}", "user-agent": mark(),
                    "referer": f"https://x.example/{mark()}", "origin": f"https://{mark()}.example",
                    "traceparent": f"00-{mark()}-x-01", "tracestate": f"a={mark()}", "baggage": f"b={mark()}",
                    "x-forwarded-for": mark(), "forwarded": f"for={mark()}", "accept-language": mark()})  # fmt: skip
                client.patch("/patients/1", json={"full_name": mark(), "notes": mark(), "phone": mark()})
                client.patch("/patients/1", json={"notes": f"<img src=x onerror=alert('{mark()}')>"})
                client.patch("/patients/1", json={"balance": mark(), "verified": mark(), "diagnosis": mark()})
                client.patch(
                    "/patients/1", content=f'{{"notes": "{mark()}"', headers={"content-type": "application/json"}
                )
                client.patch("/patients/1", headers={"content-type": mark()}, content=mark())
                client.post("/payments", json={"patient_id": 1, "amount": -5, "card_number": mark(), "memo": mark()})
                client.post("/documents", json={"patient_id": 1, "name": mark(), "content": mark()})
                client.post("/documents/fetch", json={"patient_id": 1, "url": f"http://127.0.0.1/{mark()}"})
                client.post("/visits/lookup", json={"code": {"$ne": mark()}, "day": mark()})
                client.put(
                    "/patients/1/preferences", json={"preferences": f"!!python/object/apply:os.system ['{mark()}']"}
                )
                client.get("/payments/summary", params={"months": mark()})
                for header in (f"Bearer {mark()}", f"Basic {mark()}", f"Bearer {ana}{mark()}", f"Negotiate {mark()}"):
                    anonymous.get("/patients/1", headers={"authorization": header})
                anonymous.get("/patients/1", headers={"x-api-key": f"rw_{mark()}_{mark()}"})
                for _ in range(12):
                    form = {"grant_type": "password", "username": f"{mark()}@mail.example", "password": mark()}
                    anonymous.post("/.ringwall/oauth/token", data=form)
                anonymous.post("/.ringwall/oauth/token", data={"grant_type": mark(), "code": mark()})
                anonymous.post("/.ringwall/oauth/revoke", data={"token": mark()})
                anonymous.request("OPTIONS", "/patients/1", headers={"origin": f"https://{mark()}.example"})
            with running.client(Authorization=f"Bearer {nora}") as client:
                client.get("/patients/by-email", params={"email": f"{mark()}@mail.example"})
                client.post("/patients/1/letter", json={"text": f"{{{{ 7*7 }}}} {mark()}"})
                client.get("/forms/checksum", params={"name": f"a;echo {mark()}"})
                client.get("/directory", params={"name": f"*)(uid={mark()}"})
                client.post("/referrals", content=f"<!DOCTYPE a [<!ENTITY x '{mark()}'>]><a>&x;</a>",
                            headers={"content-type": "application/xml"})  # fmt: skip
                metrics = client.get("/.ringwall/metrics").text
            assert until(lambda: len(hook.got) > 3 and {"/v1/traces", "/v1/logs"} <= set(otel.paths()))
            assert until(lambda: len(running.journal()) > 50)
        told = [running.output(), metrics, *(body.decode("latin-1") for _, _, body in (*hook.got, *otel.got))]
        told += [str(headers) for _, headers, _ in hook.got]
        for path in sorted(running.data.rglob("*")):
            if path.is_file() and "clinic" not in path.relative_to(running.data).parts:
                told.append(path.read_bytes().decode("latin-1"))
    assert len(sent) > 80
    assert any("spraying" in text for text in told), "what was tried is counted all the same"
    found = {m for m in sent for text in told if m in text or m.upper() in text}
    assert found == set(), [(m, t[max(0, t.index(m) - 200) : t.index(m) + 50]) for m in found for t in told if m in t]
    with sqlite3.connect(running.data / "clinic" / "clinic.db") as database:
        assert any(m in str(database.execute("SELECT * FROM patients").fetchall()) for m in sent), "they did arrive"
