"""Phase portraits of models with a flow."""
