"""From vectors to clusters: a minimum spanning tree of mutual reachability, its dendrogram, and what is cut from it."""
