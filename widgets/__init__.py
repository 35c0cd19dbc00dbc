"""Isomorph: reusable Qt parts that know no study."""
