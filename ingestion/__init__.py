"""Ingestion (数据归集): outside files become facts, and nothing else."""
