"""Arrays in, a frozen ``Clustering`` out: nothing here knows of the database."""

from loopscope.clustering.evoc import evoc
from loopscope.clustering.hdbscan import hdbscan
from loopscope.clustering.optics import optics
from loopscope.clustering.result import Clustering

__all__ = ["Clustering", "evoc", "hdbscan", "optics"]
