"""The words by which tables name their summaries: totals, means, deviations, counts; in the languages that tables come in."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from flora_core.tables.columns.header_words import fold_accents
from flora_core.tables.values.text import normalize, word_set


def _folded(words: str) -> frozenset[str]:
    return frozenset(map(fold_accents, word_set(words)))


#: Abbreviations and parts of summaries' names; two of them beside each other name one: "odch. st.", "upper 95 % limit".
_PARTS: Final = _folded(
    "arith arithm mw mittelw quer zw zwischen odch odchyl sm smer szor stabw stdabw std st sr avv desv dev desvio tip tipica "
    "tipico est estandar coef koef var rel upper lower obere untere limit bound ile pctile "
    "откл ст ср знач кол во μ ο x m error err"
)
#: Those that name a summary by themselves.
_TELLING: Final = _folded(
    "zwischenergebnis zwischensummen medeltal stdavv skewness kurtosis hsd tukey rsd spannweite etendue percentil perzentil "
    "quantile quantil ucl lcl keskihaj signif ile pctile"
)
#: Counts, and rows that stand for all: where they stand alone.
_COUNTS: Final = _folded(
    "antal kpl liczba darab количество rango rozsah rozstep mad sig all combined pooled alle tous toutes todos todas tutti "
    "wszystkie vsechny все всі"
)
#: What is counted: "n. campioni", "počet rostlin".
_PLANTS: Final = _folded(
    "plants plantas plantes pflanzen planten piante rostlin roslin vaxter planter samples campioni muestras echantillons "
    "kpl proben flowers bluten blueten fleurs flores растений образцов"
)
#: Words that name nothing else, letters only; languages of tables that were seen, and their neighbours.
_CLEAR: Final = (
    # English
    "mean means average averages avg total totals subtotal subtotals grandtotal overalltotal sumtotal overall "
    "overallmean grandmean median stdev stddev stdevp stdevs standarddeviation stderr stderror standarderror "
    "sem variance coefficientofvariation coefvar meansd meanse meanstdev sumofsquares samplesize numberofplants "
    "minimum maximum minmax quartile percentile confidenceinterval confint iqr lsd pvalue ttest fvalue anova geomean "
    # German
    "mittel mittelwert mittelwerte durchschnitt summe gesamt gesamtsumme gesamtergebnis gesamtmittel ergebnis "
    "teilergebnis zwischensumme endsumme standardabweichung stabw stdabw standardfehler varianz "
    "variationskoeffizient insgesamt mittelw streuung stdabweichung "
    # French
    "moyenne moyennes moyennegenerale somme soustotal totalgeneral ecarttype ecartstype erreurstandard "
    "erreurtype mediane effectif coefficientdevariation moy ecartt "
    # Spanish, Portuguese, Italian
    "promedio mediana desviacionestandar desviaciontipica desviacion desvest errorestandar errortipico varianza "
    "coeficientedevariacion mediageneral sumatotal desviopadrao desvpad erropadrao variancia totalgeral "
    "mediageral mediaaritmetica deviazionestandard scartotipo errorestandardmedia totalegenerale "
    "totalecomplessivo totale subtotale sommatotale totales totais numerototal "
    # Dutch, Swedish, Danish, Norwegian, Finnish
    "gemiddelde gemiddeld totaal eindtotaal subtotaal standaarddeviatie standaardafwijking standaardfout "
    "mediaan medelvarde totalt delsumma standardavvikelse standardavvik medianvarde gennemsnit gjennomsnitt "
    "standardafvigelse keskiarvo yhteensa keskihajonta kokonaissumma "
    # Polish, Czech, Slovak, Hungarian, Turkish
    "srednia razem sumaczesciowa sumakoncowa odchyleniestandardowe odchstandardowe bladstandardowy wariancja "
    "ogolem prumer celkem mezisoucet soucet celkovysoucet smerodatnaodchylka rozptyl priemer spolu sucet "
    "smerodajnaodchylka atlag osszesen szoras ortalama toplam geneltoplam standartsapma "
    # Russian and Ukrainian
    "среднее средний средние среднеезначение сумма итого всего общие общийитог общиеитоги промежуточныйитог "
    "медиана стандартноеотклонение среднеквадратичноеотклонение стандартнаяошибка ошибкасреднего дисперсия "
    "середнє сума разом усього стандартневідхилення "
    # Chinese, Japanese, Greek
    "平均 平均值 均值 合计 总计 小计 总和 标准差 标准误 中位数 方差 平均値 合計 総計 小計 標準偏差 標準誤差 中央値 "
    "標本数 样本数 样本量 個体数 "
    "μεσοσορος συνολο τυπικηαποκλιση "
)
#: Words that are abbreviations of other things too, or names.
_LOOSE: Final = (
    "n gem ср prum μο devest desvest sr sd se cv cvpct std "
    "stdv var min max range sum count mode ci mw som ges media medias soma "
    "somma suma anzahl aantal pocet nombre numero conteo conta total medel summa result results "
    "pct "
)
CLEAR: Final = _folded(_CLEAR)
LOOSE: Final = _folded(_LOOSE)
#: Signs that stand for a sum or a mean.
_SIGNS: Final = word_set("Σ ∑ Ø ⌀ x̄ X̄ µ μ σ ± n=")
#: Words that say nothing of what is summed up.
_LINKS: Final = word_set(
    "of for the von der des fur de du la le pour por para di del per van voor z ze dla za по and value values species all "
    "plants flowers leaves rows samples arith arithmetic arithm geo geom geometric harmonic weighted trimmed marginal "
    "estimated aritm aritmetica arithmetische ci level zw zwischen"
)

Clearness = Literal["", "loose", "clear"]


@lru_cache(maxsize=50_000)
def summary_word(text: str) -> tuple[Clearness, str]:
    """How clearly a text names a summary, and the rest of the text where it names what is summed up.

    Examples
    --------
    >>> summary_word("Std. Error")
    ('clear', '')
    >>> summary_word("Iris virginica Total")
    ('clear', 'iris virginica')
    >>> summary_word("n = 12")
    ('loose', '')
    """
    if text.strip() in _SIGNS:
        return "loose", ""
    spelled = re.sub(r"(?<!\w)[Σ∑](?!\w)", " sum ", re.sub(r"^\s*[nN]\s*\((?=\D)", "count (", normalize(text)))
    folded = fold_accents(spelled).replace("%", " pct ")
    if re.fullmatch(r"pr?\s*[<>]\s*\|?[ft]\|?", folded.strip()):
        return "loose", ""
    whole = re.sub(r"[\W\d_]+", "", folded)
    if not whole or len(text) > 120:
        return "", ""
    if whole in CLEAR or whole.removesuffix("pct") in CLEAR:
        return "clear", ""
    if re.fullmatch(r"q[1-3]", folded.strip()):
        return "loose", ""
    if whole in LOOSE or re.sub(r"pct$", "", whole) in LOOSE:
        return "loose", ""
    words = re.findall(r"[^\W_]+", folded)
    found = _of_parts(folded)
    if found:
        return found, ""
    for length in range(min(3, len(words) - 1), 0, -1):
        for word, rest in (("".join(words[-length:]), words[:-length]), ("".join(words[:length]), words[length:])):
            if word in CLEAR or (word in LOOSE and length == 1 < len(word)):
                kept = [w for w in rest if w not in _LINKS]
                return ("clear" if word in CLEAR else "loose"), "" if _is_count(kept) else " ".join(kept)
    return "", ""


def _of_parts(folded: str) -> Clearness:
    """How clearly a text names a summary that is put together of abbreviations: "sm. odch.", "平均±標準偏差"."""
    found = re.findall(r"[^\W\d_]+", re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", folded))
    words = [word for word in found if word != "pct"] or [folded.strip()]
    if words in (["upper"], ["lower"]) and "pct" in found:
        return "clear"
    parts = [word for word in words if word in CLEAR or word in LOOSE or word in _PARTS or word in _TELLING]
    others = [word for word in words if word not in parts]
    if not parts and len(words) <= 2 and set(words) & _COUNTS and set(others) <= _COUNTS | _LINKS | _PLANTS | {"n"}:
        return "loose"
    if "n" in words and set(words) & _PLANTS and set(words) <= _LINKS | _PLANTS | {"n", "o", "nr", "no"}:
        return "loose"
    if any(word not in _LINKS | _PLANTS for word in others):
        return ""
    if set(parts) & (CLEAR | _TELLING):
        return "clear"
    # One part alone, with a number or initials, may be the name of a plant: "ST 12", "M. St."
    return "clear" if len(set(parts)) > 1 and any(len(word) > 2 or word in LOOSE for word in parts) else ""


def _is_count(words: list[str]) -> bool:
    """Whether the rest of a text says of how many: "(n=5)"."""
    return all(re.fullmatch(r"\d+(?:st|nd|rd|th)?|n|pct", word) for word in words)
