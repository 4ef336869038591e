"""How a person is asked for a code, and the work that is done meanwhile: what several sources share."""
