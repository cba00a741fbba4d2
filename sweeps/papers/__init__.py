"""The papers' tables, figures and conclusions, reproduced and audited."""
