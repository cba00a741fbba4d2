"""Designs as functions of a sample's number: any part of one is computed where it is needed."""
