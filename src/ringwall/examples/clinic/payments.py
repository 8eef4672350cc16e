"""Payments. Weak on purpose: no owner asked, cards in the log, mass assignment, costly work for anyone."""

import hashlib

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import select

from ringwall.examples.clinic import schemas
from ringwall.examples.clinic.desk import Desk, found, shown
from ringwall.examples.clinic.schemas import Months, PaymentId, body_of
from ringwall.examples.clinic.store import Payment, Store

router = APIRouter(tags=["payments"])
SEAL_ROUNDS = 5_000


def _save(store: Store, payment: Payment) -> Payment:
    with store.session() as session:
        session.add(payment)
        session.commit()
    return payment


@router.get("/payments", response_model=list[schemas.Payment])
def payments(desk: Desk, account_id: str = "") -> JSONResponse:
    """Weakness: anybody's payments, by asking for them."""
    wanted = select(Payment).where(Payment.account_id == account_id) if account_id else select(Payment)
    with desk.session() as session:
        return shown([payment.row() for payment in session.scalars(wanted)])


@router.post(
    "/payments",
    response_model=schemas.Payment,
    status_code=201,
    openapi_extra=body_of(schemas.NewPayment),
)
async def pay(desk: Desk, request: Request) -> JSONResponse:
    """Weakness: any media type, any column, and the card number in the log."""
    payment = _save(desk, Payment(**await request.json()))
    desk.note(f"payment of {payment.amount} from card {payment.card_number}")
    return shown(payment.row(), 201)


@router.get("/payments/summary", response_model=schemas.Summary)
def summary(desk: Desk, months: Months) -> JSONResponse:
    """Weakness: the document says at least one month; nothing keeps to it."""
    with desk.session() as session:
        total = sum(session.scalars(select(Payment.amount)))
    return shown({"total": total, "per_month": total // months})


@router.get("/payments/{payment_id}", response_model=schemas.Payment)
def payment(payment_id: PaymentId, desk: Desk) -> JSONResponse:
    """One payment."""
    return shown(found(desk, Payment, payment_id).row())


@router.post("/payments/{payment_id}/refund", response_model=schemas.Payment)
def refund(payment_id: PaymentId, desk: Desk) -> JSONResponse:
    """Gives the money back."""
    row = found(desk, Payment, payment_id)
    row.status = "refunded"
    return shown(_save(desk, row).row())


@router.get("/payments/{payment_id}/receipt", response_model=schemas.Receipt)
def receipt(payment_id: PaymentId, desk: Desk) -> JSONResponse:
    """Weakness: costly work with no limit on how often."""
    row = found(desk, Payment, payment_id)
    seal = hashlib.pbkdf2_hmac("sha256", f"{row.payment_id}:{row.amount}".encode(), b"clinic", SEAL_ROUNDS)
    return shown({"payment_id": payment_id, "seal": seal.hex()})
