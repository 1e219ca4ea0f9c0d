"""Chapters: from frozen data to the chapters of a document; pure."""
