"""What the clinic says of its messages. The documents say more than the code holds them to.

`documented` values reach the OpenAPI document and are checked by nobody, which is common: a pattern or a
limit added for the client's sake. Response schemas name what a reply should hold; the handlers send more.
"""

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, Field
from pydantic.config import JsonDict, JsonValue

FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
DAY = r"^\d{4}-\d{2}-\d{2}$"


def body_of(model: type[BaseModel], media_type: str = "application/json") -> dict[str, object]:
    """For a handler that reads the raw body: the document shows `model`, the code never looks at it."""
    return {"requestBody": {"required": True, "content": {media_type: {"schema": model.model_json_schema()}}}}


def documented(**keywords: JsonValue) -> JsonDict:
    """Schema keywords that only the document carries."""
    return dict(keywords)


PatientId = Annotated[int, Path(json_schema_extra=documented(minimum=1))]
VisitId = Annotated[int, Path(json_schema_extra=documented(minimum=1))]
DocumentId = Annotated[int, Path(json_schema_extra=documented(minimum=1))]
PaymentId = Annotated[int, Path(json_schema_extra=documented(minimum=1))]
Months = Annotated[int, Query(json_schema_extra=documented(minimum=1, maximum=120))]
FileName = Annotated[str, Query(json_schema_extra=documented(pattern=FILE_NAME))]
Text = Annotated[str, Field(json_schema_extra=documented(maxLength=20_000))]
Name = Annotated[str, Field(json_schema_extra=documented(maxLength=200))]
Email = Annotated[str, Field(json_schema_extra=documented(format="email", maxLength=254))]
EmailQuery = Annotated[str, Query(json_schema_extra=documented(format="email", maxLength=254))]
StaffName = Annotated[str, Query(json_schema_extra=documented(pattern=r"^[\w .'*-]{1,60}$"))]
LocalPath = Annotated[str, Query(json_schema_extra=documented(pattern=r"^/[A-Za-z0-9/_-]*$"))]
Card = Annotated[str, Field(json_schema_extra=documented(pattern=r"^\d{12,19}$"))]


class NewPatient(BaseModel):
    """A patient to enter."""

    account_id: Name
    clinic_id: Name
    full_name: Name
    city: Name = ""
    email: Email = ""
    phone: Name = ""
    diagnosis: Text = ""
    card_number: Card = ""
    notes: Text = ""


class PatientChange(BaseModel):
    """What may be changed of a patient."""

    full_name: Name | None = None
    city: Name | None = None
    email: Email | None = None
    phone: Name | None = None
    diagnosis: Text | None = None
    card_number: Card | None = None
    notes: Text | None = None


class Patient(NewPatient):
    """A patient, as a reply shows one."""

    patient_id: int
    verified: bool = False
    balance: int = 0


class Preferences(BaseModel):
    """Settings of a patient's own page, as YAML."""

    preferences: Text


class KeptPreferences(BaseModel):
    """The settings as they were understood."""

    kept: dict[str, str]


class Letter(BaseModel):
    """Free text of a letter; it starts `Dear Ana Marsh` by itself."""

    text: Text


class Written(BaseModel):
    """The finished letter."""

    letter: str


class NewVisit(BaseModel):
    """An appointment to make."""

    account_id: Name
    clinic_id: Name
    day: Annotated[str, Field(json_schema_extra=documented(pattern=DAY))]
    reason: Text
    findings: Text = ""


class Visit(NewVisit):
    """An appointment, as a reply shows one."""

    visit_id: int
    patient_id: int
    status: str


class Lookup(BaseModel):
    """The self-service desk: a visit's day and its four-digit code."""

    day: Annotated[str, Field(json_schema_extra=documented(pattern=DAY))]
    code: Annotated[str, Field(json_schema_extra=documented(pattern=r"^\d{4}$"))]


class NewDocument(BaseModel):
    """A text for a patient's file."""

    patient_id: int
    account_id: Name
    clinic_id: Name
    name: Annotated[str, Field(json_schema_extra=documented(pattern=FILE_NAME))]
    content: Text


class Document(NewDocument):
    """A text, as a reply shows one."""

    document_id: int


class Fetch(BaseModel):
    """Where an outside record lies."""

    url: Annotated[str, Field(json_schema_extra=documented(format="uri", maxLength=2000))]


class Fetched(BaseModel):
    """What lay there."""

    url: str
    text: str


class NewForm(BaseModel):
    """A blank form to offer."""

    name: Annotated[str, Field(json_schema_extra=documented(pattern=FILE_NAME))]
    content: Text


class FormName(BaseModel):
    """A form that is offered."""

    name: str


class Checksum(BaseModel):
    """The checksum of a form."""

    checksum: str


class NewPayment(BaseModel):
    """A payment to make, in pence."""

    patient_id: int
    account_id: Name
    clinic_id: Name
    amount: Annotated[int, Field(json_schema_extra=documented(minimum=1, maximum=1_000_000))]
    card_number: Card
    memo: Name = ""


class Payment(NewPayment):
    """A payment, as a reply shows one."""

    payment_id: int
    status: str


class Summary(BaseModel):
    """Takings."""

    total: int
    per_month: int


class Receipt(BaseModel):
    """A receipt that proves itself."""

    payment_id: int
    seal: str


class StaffMember(BaseModel):
    """An entry of the staff directory."""

    cn: str
    role: str
    phone: str


class Referral(BaseModel):
    """What a referral said."""

    patient: str
    reason: str


class Health(BaseModel):
    """Whether the clinic is up."""

    status: str
