"""The pictograms that `Pictograms` paints and `Describe` recognises, and all that the two share.

======================  ==================================================================
`catalogue`             names, code points, kinds and themes of the pictograms
`words`                 plurals, articles and number words
`colours`               the palette, and the name of a colour seen
`scene`                 what a picture shows, as the painter means it and the viewer sees it
`reading`               text → what it mentions
`imagination`           mentions → a scene, by similarity of meaning
`drawing`, `layout`     a scene → a picture
`viewing`               a picture → what is seen
`segmentation`          a picture → its regions
`recognition`           a region → the pictogram it resembles
`grammar`               what is seen → a sentence
======================  ==================================================================

The outlines are Noto Emoji (SIL Open Font License 1.1, see ``OFL.txt``), reduced to the catalogue's characters by
``tools/make_pictogram_font.py``.
"""
