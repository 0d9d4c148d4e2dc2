"""
What the fuzzer cannot guess: who asks, and ids that exist. Schemathesis calls before_call and after_call around each
request; a valid example mostly gets an id made for it a moment before, the rest goes out as it was generated. What came
back is counted by operation, and everything secret is written down, to be searched for in the logs afterwards.
"""

import atexit
import itertools
import json
import os
import random
import time

import requests
import schemathesis

setup = json.loads(os.environ["FUZZ_SETUP"])
role, url, event = setup["role"], setup["url"], setup["event"]
chance = random.Random(setup["seed"])
numbers = itertools.count(1)
session = requests.Session()
counts: dict[str, dict[str, int]] = {}
secrets: set[str] = set()
issued: set[str] = set()

secret_fields = {"password", "waiting_token", "reservation_token", "access_token"}


def is_telling(text):
    """Whether a text is long and odd enough to be found in a log only where it was written as such."""
    return isinstance(text, str) and len(text) >= 12 and len(set(text)) >= 6


def note(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in secret_fields and is_telling(inner):
                secrets.add(inner)
            if name == "access_token":
                issued.add(inner)
            note(inner)
    elif isinstance(value, list):
        for inner in value:
            note(inner)


def ask(method, path, body=None, headers=None, base=url):
    answer = session.request(method, base + path, json=body, headers=headers, timeout=10)
    if not answer.ok:
        raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
    reply = answer.json()
    note(body)
    note(reply)
    return reply


def fresh(name):
    return f"{name}-{role}-{next(numbers)}"


# Visitors. Each has a name of their own, as one person holds one place.


def as_user(user):
    token = {"Authorization": "Bearer dev-super-key-local-testing", "X-Dev-Mode": "true"}
    return {**token, "X-User-Id": user} if role == "dev" else {}


def key():
    return {"Idempotency-Key": fresh("idempotency-key")}


def place(user):
    return ask("POST", "/api/v1/queue/join", {"event_id": event}, as_user(user))["waiting_token"]


def passed(user):
    body = {"waiting_token": place(user)}
    return ask("POST", "/api/v1/queue/enter", body, as_user(user))["reservation_token"]


def order(user):
    return {"event_id": event, "quantity": 1, "seat_ids": [], "reservation_token": passed(user)}


def reservation(user):
    return ask("POST", "/api/v1/reservations", order(user), {**as_user(user), **key()})


def intent(user, of=None):
    of = of or reservation(user)
    body = {"reservation_id": of["reservation_id"], "amount": of["amount"], "currency": of["currency"]}
    headers = {**as_user(user), **key()}
    return ask("POST", "/api/v1/payment/intent", body, headers)["payment_intent_id"]


def paid(user, of):
    body = {"payment_intent_id": intent(user, of)}
    ask("POST", "/api/v1/payment/process", body, {**as_user(user), **key()})
    return body


def account():
    body = {"username": fresh("user"), "password": f"pw-{chance.randbytes(12).hex()}"}
    ask("POST", "/api/v1/auth/register", body)
    return body


def confirm(case, user):
    of = reservation(user)
    case.path_parameters["id"] = of["reservation_id"]
    case.body = {**case.body, **paid(user, of)}


def pay(case, user):
    of = reservation(user)
    names = ("reservation_id", "amount", "currency")
    case.body = {**case.body, **{name: of[name] for name in names}}
    case.headers.update(key())


def reserve(case, user):
    case.body = order(user)
    case.headers.update(key())


visitor_recipes = {
    "POST /api/v1/queue/join": lambda case, user: case.body.update(event_id=event),
    "GET /api/v1/queue/status": lambda case, user: case.query.update(token=place(user)),
    "DELETE /api/v1/queue/leave": lambda case, user: case.query.update(token=place(user)),
    "GET /api/v1/queue/stream": lambda case, user: case.query.update(token=place(user)),
    "POST /api/v1/queue/enter": lambda case, user: case.body.update(waiting_token=place(user)),
    "POST /api/v1/auth/register": lambda case, user: case.body.update(username=fresh("new")),
    "POST /api/v1/auth/login": lambda case, user: case.body.update(account()),
}
dev_recipes = {
    "POST /api/v1/reservations": reserve,
    "GET /api/v1/reservations/{id}": lambda case, user: case.path_parameters.update(
        id=reservation(user)["reservation_id"]
    ),
    "POST /api/v1/reservations/{id}/confirm": confirm,
    "POST /api/v1/reservations/{id}/cancel": lambda case, user: case.path_parameters.update(
        id=reservation(user)["reservation_id"]
    ),
    "POST /api/v1/payment/intent": pay,
    "GET /api/v1/payment/{id}/status": lambda case, user: case.path_parameters.update(id=intent(user)),
    "POST /api/v1/payment/process": lambda case, user: case.body.update(payment_intent_id=intent(user)),
}


# Operators. The event is made again where an action has deleted or closed it.


def as_operator(token):
    return {"Authorization": f"Bearer {token}"}


is_settled = False


def operator_asks(method, path, body=None):
    return ask(method, path, body, as_operator(setup["adminToken"]))


def act(action):
    consent = {"override": True, "reason": "made ready by the fuzz run", "confirm": event}
    return operator_asks("POST", "/admin/v1/actions", {"events": [event], "action": action, **consent})


def succeeds(step):
    try:
        step()
        return True
    except RuntimeError:
        return False


def join_as(user):
    ask("POST", "/api/v1/queue/join", {"event_id": event, "user_id": user}, base=setup["gateway"])


def ready_event():
    """An event with people in it; looked after only where an action has been sent since the last look."""
    global is_settled
    for _ in range(0 if is_settled else 10):
        if not succeeds(lambda: operator_asks("GET", f"/admin/v1/events/{event}")):
            succeeds(lambda: act({"type": "event.create", "test": True}))
        if succeeds(lambda: join_as(fresh("visitor"))):
            break
        succeeds(lambda: act({"type": "event.delete"}))
        time.sleep(0.1)
    is_settled = True


def visitor(case):
    name = fresh("visitor")
    path = f"/admin/v1/events/{event}/visitors/user:{name}"
    join_as(name)
    # The admin API follows the line a moment behind.
    for _ in range(20):
        if succeeds(lambda: operator_asks("GET", path)):
            break
        time.sleep(0.1)
    case.path_parameters.update(id=event, ref=f"user:{name}")


def audit_id():
    path = "/admin/v1/audit?limit=1"
    return operator_asks("GET", path)["items"][0]["auditId"]


def change(case, _):
    kind = case.body["action"]["type"]
    target = {"event.create": [fresh("evt")], "budget.set": [], "undo": []}.get(kind, [event])
    if kind == "undo":
        case.body["action"]["auditId"] = audit_id()
    case.body["events"] = target
    if case.operation.path.endswith("/actions"):
        case.body.pop("planHash", None)
        case.body.update(reason="a change by the fuzz run", confirm=",".join(target))
        case.headers.pop("if-match", None)
        case.headers["idempotency-key"] = fresh("change")


admin_recipes = {
    "POST /admin/v1/plans": change,
    "POST /admin/v1/actions": change,
    "GET /admin/v1/audit": lambda case, _: case.query.update(event=event),
    "GET /admin/v1/audit/{id}": lambda case, _: case.path_parameters.update(id=audit_id()),
    "GET /admin/v1/doctor": lambda case, _: case.query.update(event=event),
    "GET /admin/v1/events/{id}/visitors/{ref}": lambda case, _: visitor(case),
    # What a sale is applied to is left alone by the others.
    "GET /admin/v1/events/{id}/sale": lambda case, _: case.path_parameters.update(id=f"{event}_sale"),
}


def admin_recipe(label, case):
    ready_event()
    if "/events/{id}" in label:
        case.path_parameters["id"] = event
    if label in admin_recipes:
        admin_recipes[label](case, None)


def is_valid(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


def is_about_credentials(case):
    """Whether the case is one of no, or of bad, credentials."""
    parameter = getattr(case.meta.phase.data, "parameter", None) if case.meta is not None else None
    return (parameter or "").lower() == "authorization"


def sign_in(case, user):
    if is_about_credentials(case):
        return
    if role == "nobody":
        # The fuzzer takes tokens from answers; whoever has one is not nobody.
        if case.headers.get("Authorization", "").removeprefix("Bearer ") in issued:
            del case.headers["Authorization"]
        return
    # A few of the others ask with whatever was generated.
    if is_valid(case) or chance.random() < 0.9:
        case.headers.update(as_operator(setup["token"]) if setup["api"] == "admin" else as_user(user))


@schemathesis.hook
def before_call(context, case, kwargs):
    is_admin = setup["api"] == "admin"
    user = fresh("fuzz")
    sign_in(case, user)
    if isinstance(case.body, dict) and case.body.get("scenario") in ("random", "timeout"):
        # A simulated payment service that keeps the gateway waiting past its deadline, which is answered 504 by design.
        case.body["scenario"] = "delay"
    if not is_valid(case) or chance.random() < 0.25:
        return
    label = case.operation.label
    if is_admin and setup["token"]:
        admin_recipe(label, case)
    elif not is_admin:
        recipes = {**visitor_recipes, **(dev_recipes if role == "dev" else {})}
        if label in recipes:
            recipes[label](case, user)


@schemathesis.hook
def after_call(context, case, response):
    global is_settled
    if case.operation.label == "POST /admin/v1/actions":
        is_settled = False
    found = counts.setdefault(case.operation.label, {})
    # What came back to a method that the operation does not have says nothing about it.
    status = str(response.status_code) if case.method == case.operation.method.upper() else "other methods"
    found[status] = found.get(status, 0) + 1
    note(case.body)
    note(case.query)
    for value in case.headers.values() if case.headers else []:
        if is_telling(value) and value.startswith("Bearer "):
            secrets.add(value.removeprefix("Bearer "))
    if "token" in (case.query or {}) and is_telling(case.query["token"]):
        secrets.add(case.query["token"])
    try:
        note(response.json())
    except ValueError:
        pass


@atexit.register
def report():
    with open(setup["report"], "w", encoding="utf-8") as file:
        json.dump({"counts": counts, "secrets": sorted(secrets)}, file)
