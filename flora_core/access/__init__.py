"""Who may do what: the principal, the roles, and the one table of what each role may do."""

from flora_core.access.principal import LOCAL_ISSUER, NOBODY, Principal, Role, local_principal, service_principal
from flora_core.access.use_cases import ROLE_NEEDED, UseCase, is_allowed, refusal_text

__all__ = [
    "LOCAL_ISSUER",
    "NOBODY",
    "ROLE_NEEDED",
    "Principal",
    "Role",
    "UseCase",
    "is_allowed",
    "local_principal",
    "refusal_text",
    "service_principal",
]
