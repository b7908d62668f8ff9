"""The words that states of plants are written in: the languages that headers are read in, and what goes together."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from flora_core.ontology import without_term

#: A state, and what it is called elsewhere; without accents, as `state_key` writes them.
_WORDS: Final = {
    "yes": "y ja j oui si sim tak ano jo true wahr vrai verdadero vero da да 是 はい",
    "no": "n nein non nao nie ne nee nej false falsch faux falso net нет 否 いいえ",
    "present": "pres vorhanden vorh presente obecny obecna obecne pritomen pritomna pritomny aanwezig narvarande 有 1 + x ✓ "
    "имеется есть with",
    "absent": "abs fehlend fehlt absente ausente assente nieobecny nieobecna nieobecne brak chybi nepritomen nepritomna "
    "nepritomny afwezig saknas 无 無 0 - – — − нет without",
    "male": "mannlich maennlich mannchen maennchen male masculin macho maschio masculino samec meski mannelijk hane самец 雄 ♂",
    "female": "weiblich weibchen femelle feminin hembra femmina femenino feminino samice zenski vrouwelijk hona самка 雌 ♀",
    "white": "weiss blanc blanche blanco blanca bianco bianca branco branca bialy biala biale bily bila bile wit vit белый 白",
    "yellow": "gelb jaune amarillo amarilla giallo gialla amarelo amarela zolty zolta zolte zluty zluta zlute "
    "geel gul желтый 黄",
    "red": "rot rouge rojo roja rosso rossa vermelho vermelha czerwony czerwona cerveny cervena rood rod красный 红 赤",
    "blue": "blau bleu bleue azul azzurro blu niebieski niebieska modry modra blauw bla синий голубой 蓝 青",
    "green": "grun gruen vert verte verde zielony zielona zeleny zelena groen gron зеленый 绿 緑",
    "pink": "rosa rose rosado rosada rozowy rozowa ruzovy ruzova roze розовый 粉红",
    "purple": "purpur purpurn pourpre purpura purpureo roxo roxa purpurowy purpurovy nachovy paars lila пурпурный 紫",
    "violet": "violett violette violeta viola fioletowy fioletowa fialovy fialova фиолетовый",
    "orange": "naranja arancione laranja pomaranczowy oranzovy oranje оранжевый",
    "brown": "braun brun brune marron pardo bruno castanho brazowy hnedy bruin коричневый 褐",
    "black": "schwarz noir noire negro negra nero nera preto preta czarny cerny zwart svart черный 黑",
    "grey": "gray grau gris grigio cinzento cinza szary sedy grijs gra серый 灰",
    "cream": "creme crema cremeweiss kremowy kremovy кремовый",
    "entire": "ganzrandig entier entiere entero entera intero intera inteiro inteira calobrzegi celokrajny gaafrandig "
    "helbradd цельнокрайный 全缘",
    "serrate": "serrated gesagt gesaegt dente_en_scie aserrado aserrada serrado serrada seghettato seghettata serrilhado "
    "serrilhada pilkowany pilovity gezaagd sagad пильчатый 锯齿",
    "dentate": "dentated gezahnt gezaehnt dente dentee dentado dentada dentato dentata zabkowany zubaty getand tandad "
    "зубчатый",
    "crenate": "crenated gekerbt crenele crenelee crenado crenada crenato crenata karbowany vroubkovany gekarteld naggad",
    "lobed": "gelappt lobe lobee lobulado lobulada lobato lobata lobado lobada klapowany lalocnaty gelobd flikig лопастный",
    "opposite": "gegenstandig gegenstaendig oppose opposee opuesto opuesta opposto opposta oposto oposta naprzeciwlegly "
    "vstricny tegenoverstaand motsatt супротивный 对生",
    "alternate": "wechselstandig wechselstaendig alterne alterno alterna skretolegly stridavy afwisselend stroddsatt "
    "очередный 互生",
    "whorled": "quirlstandig quirlstaendig verticille verticillee verticilado verticilada verticillato verticillata okolkowy "
    "preslenity kransstandig мутовчатый 轮生",
    "glabrous": "kahl glabre glabro glabra lampino lampina nagi lysy kaal kal голый 无毛",
    "pubescent": "flaumig flaumhaarig pubescente omszony omszona pyrity donshaarig luden опушенный",
    "tomentose": "filzig tomenteux tomenteuse tomentoso tomentosa kutnerowaty plstnaty viltig ullig войлочный",
    "hairy": "behaart poilu poilue velu velue peludo peluda peloso pelosa piloso pilosa owlosiony chlupaty behaard harig "
    "волосистый 有毛",
    "herb": "kraut herbe hierba erba erva ziele bylina kruid ort трава 草本",
    "shrub": "strauch arbuste arbusto krzew ker struik buske кустарник 灌木",
    "tree": "baum arbre arbol albero arvore drzewo strom boom trad дерево 乔木",
    "none": "keine kein aucun aucune ninguno ninguna nessuno nessuna nenhum nenhuma zadny zadne geen inga нет_их",
    "few": "wenige wenig peu pocos pocas pochi poche poucos poucas malo nieliczne weinig fa мало",
    "some": "einige quelques algunos algunas alcuni alcune alguns algumas nektere kilka sommige nagra несколько",
    "many": "viele viel beaucoup nombreux muchos muchas molti molte muitos muitas mnoho wiele liczne veel manga много",
    "low": "niedrig gering bas basse bajo baja basso bassa baixo baixa niski nizky laag lag низкий 低",
    "medium": "mittel moyen moyenne medio media middel massig maessig modere moderado moderato sredni stredni "
    "matig средний 中",
    "high": "hoch haut haute alto alta wysoki vysoky hoog hog высокий 高",
    "small": "klein petit petite pequeno pequena piccolo piccola maly mala liten маленький 小",
    "large": "gross grand grande duzy duza velky velka groot stor большой 大",
    "short": "kurz court courte corto corta curto curta krotki kratky kort короткий 短",
    "long": "lang longue largo larga lungo lunga longo longa dlugi dlouhy длинный 长",
    "weak": "schwach faible debil debole fraco slaby zwak svag слабый 弱",
    "strong": "stark fort forte fuerte silny sterk сильный 强",
    "never": "nie_mals niemals jamais nunca mai nigdy nikdy nooit aldrig никогда",
    "rarely": "selten rarement raramente rzadko zridka zelden sallan редко",
    "sometimes": "manchmal parfois a_veces talvolta as_vezes czasem nekdy soms ibland иногда",
    "often": "oft haufig haeufig souvent frecuente spesso frequente czesto casto vaak ofta часто",
    "always": "immer toujours siempre sempre zawsze vzdy altijd alltid всегда",
    "sparse": "spars sparlich spaerlich epars escaso rado esparso rzadki ridky dun gles редкий",
    "dense": "dicht dense denso densa gesty husty dicht tat густой",
    "not applicable": "inapplicable n/a na entfallt entfaellt nicht_anwendbar non_applicable sans_objet no_aplicable "
    "non_applicabile nao_aplicavel nie_dotyczy netyka_se nvt",
    "unknown": "unbekannt inconnu desconocido sconosciuto desconhecido nieznany neznamy onbekend okand неизвестно 不明",
}

#: States in the orders that botanists and questionnaires know.
SCALES: Final = (
    "glabrous,subglabrous,glabrescent,puberulent,puberulous,pubescent,hirsute,villous,lanate,tomentose",
    "none,absent,very few,few,sparse,scattered,some,moderate,medium,many,dense,abundant,very many,very dense",
    "none,absent,very rare,rare,rarely,occasional,sometimes,common,often,frequent,abundant,dominant",
    "never,rarely,sometimes,often,usually,always",
    "very low,low,moderate,medium,high,very high",
    "very small,small,medium,big,large,very large",
    "very short,short,medium,long,very long",
    "none,absent,very weak,weak,moderate,medium,strong,very strong",
    "light,medium,dark",
    "thin,medium,thick",
    "narrow,medium,broad,wide",
    "strongly disagree,disagree,neutral,agree,strongly agree",
    "poor,fair,good,very good,excellent",
)
#: Both states of characters that are there or not, absence first.
BINARY: Final = (("no", "absent"), ("yes", "present"))


@lru_cache(maxsize=16_384)
def state_key(text: str) -> str:
    """What is the same for all spellings of a state: no capitals, accents, hyphens or spaces at the ends; signs stay signs."""
    folded = (
        without_term(text.strip()).casefold().replace("ß", "ss").replace("ł", "l").replace("ø", "o").replace("ё", "е")
    )
    plain = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    words = re.sub(r"[\s_\-‐‑]+", " ", plain).strip(" .!?") if re.search(r"\w", plain) else plain
    return words or plain


@lru_cache(maxsize=1)
def _english() -> dict[str, str]:
    found: dict[str, str] = {}
    for english, others in _WORDS.items():
        for word in others.split():
            # Of a word that two languages use, the first stands: "non" is no in French.
            found.setdefault(word.replace("_", " "), english)
    return {**found, **{english: english for english in _WORDS}}


def english_state(text: str) -> str:
    """The English word for a state, as `state_key` writes it; the key of the text itself where it is not known."""
    key = state_key(text)
    return _english().get(key, key)


@lru_cache(maxsize=1024)
def words_for(text: str) -> tuple[str, ...]:
    """Other words for the state that a text names, in the languages that are known; empty where it is not known."""
    english = english_state(text)
    if english not in _WORDS:
        return ()
    others = tuple(word.replace("_", " ") for word in _WORDS[english].split())
    beside = {"yes": "present", "no": "absent", "present": "yes", "absent": "no"}.get(english)
    more = (beside, *(word.replace("_", " ") for word in _WORDS[beside].split())) if beside else ()
    return (english, *others, *more)
