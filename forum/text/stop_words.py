"""Which words are so common that sharing them does not make two texts alike? Folded, French then English.

Words of grammar, and the few that every proposal opens with ("il faut mettre en place…"). Words of the subject stay,
however frequent: another consultation has another subject.
"""

from typing import Final

_FRENCH: Final = """
a afin ai aie aient aient ailleurs ainsi ait alors apres as assez au aucun aucune aujourd aura aurait auraient auront
aussi autant autour autre autres aux avait avaient avant avec avez avoir avons ayant beaucoup bien bon bonne c ca car
ce ceci cela celle celles celui cependant certain certaine certaines certains ces cet cette ceux chacun chacune chaque
chez ci comme comment contre d dans de deja demain depuis des desormais devez devoir devons devrait devraient doit
doivent donc dont dorenavant du durant e egalement elle elles en encore enfin ensuite entre envers es est et etaient
etait etant etc ete etes etre eu eux faire fais faisant fait faites faudra faudrait faut font forcement grace gt hors
ici il ils j je jusqu jusque l la laquelle le lequel les lesquelles lesquels leur leurs lieu lorsqu lorsque lui m ma
mais malgre me meme memes mes met mets mettant mettent mettons mettre mien mieux mis mise mises moi moins mon n ne nes
ni non nos notamment notre nous nouveau nouveaux nouvelle nouvelles on ont or ou oui par parce parfois parmi pas
pendant personne peu peut peuvent pour pourquoi pourra pourraient pourrait pouvoir pres propose proposer proposition
propositions proposons pu puis puisque qu quand quant que quel quelle quelles quelque quelques quels qui quitte quoi
rices rien s sa sans sauf se selon sera serait seraient seront ses si sien soi soient soit son sont sous souvent suis
sur svp t ta tant te tel telle telles tels tes toi ton toujours tous tout toute toutefois toutes tres trices trop tu un
une va vers via voici voila vont vos votre vous vraiment y
"""
_ENGLISH: Final = """
about all also an and any are as at be been but by can could do does for from had has have how if in into is it its
make more most must need needs no not of on one or our out put should so some such than that the their them then there
these they this those to was we were what when where which who why will with would you your
"""

STOP_WORDS: Final = frozenset((_FRENCH + _ENGLISH).split())
