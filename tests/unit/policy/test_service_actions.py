"""The actions of services, read from botocore's descriptions without botocore."""

import botocore.session
import pytest

from mfasession.policy import service_actions


@pytest.mark.parametrize("service", service_actions.SERVICES)
def test_they_are_botocores_operations(service: str) -> None:
    """All operations of the newest description, and some actions that are not operations."""
    model = botocore.session.get_session().get_service_model(service)
    found = service_actions.operations(service)
    assert list(found[: len(model.operation_names)]) == list(model.operation_names)
    assert all(not each.islower() for each in found[len(model.operation_names) :])


def test_the_names_of_other_services_are_not_known() -> None:
    """Their operations are not their actions: s3's GetObjectAttributes is one, ListObjectsV2 is not."""
    assert service_actions.operations("s3") == ()
    assert service_actions.operations("../iam") == ()
