"""The Django application of the framework tests."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from ringwall.adapters.caller import Caller


def who(request: HttpRequest) -> HttpResponse:
    scope = getattr(request, "scope", None)
    known: Caller = scope["state"]["ringwall"] if scope else request.META["ringwall.caller"]
    return JsonResponse({"subject": known.subject, "roles": sorted(known.roles)})


@csrf_exempt
def echo(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"heard": request.body.decode()})


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("secret detail")


def search(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 'x' WHERE 'a' = '{request.GET['q']}'")
        return JsonResponse({"rows": cursor.fetchall()})


urlpatterns = [path("who", who), path("echo", echo), path("broken", broken), path("search", search)]
