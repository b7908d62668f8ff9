"""The words by which tables name their summaries: totals, means, deviations, counts; in the languages that tables come in."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from flora_core.tables.columns.header_words import fold_accents
from flora_core.tables.values.text import normalize, word_set

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
    "μεσοσορος συνολο τυπικηαποκλιση "
)
#: Words that are abbreviations of other things too, or names.
_LOOSE: Final = (
    "n gem ср devest desvest sr sd se cv cvpct std "
    "stdv var min max range sum count mode ci mw som ges media medias soma "
    "somma suma anzahl aantal pocet nombre numero conteo conta total medel summa result results "
    "pct "
)
CLEAR: Final = frozenset(map(fold_accents, word_set(_CLEAR)))
LOOSE: Final = frozenset(map(fold_accents, word_set(_LOOSE)))
#: Signs that stand for a sum or a mean.
_SIGNS: Final = word_set("Σ ∑ Ø ⌀ x̄ X̄ µ μ σ ± n=")
#: Words that say nothing of what is summed up.
_LINKS: Final = word_set(
    "of for the von der des fur de du la le pour por para di del per van voor z ze dla za по and value values species all "
    "plants flowers leaves rows samples arith arithmetic arithm geo geom geometric harmonic weighted trimmed marginal "
    "estimated aritm aritmetica arithmetische ci level"
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
    folded = fold_accents(normalize(text)).replace("%", " pct ")
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
    for length in range(min(3, len(words) - 1), 0, -1):
        for word, rest in (("".join(words[-length:]), words[:-length]), ("".join(words[:length]), words[length:])):
            if word in CLEAR or (word in LOOSE and length == 1 < len(word)):
                kept = [w for w in rest if w not in _LINKS]
                return ("clear" if word in CLEAR else "loose"), "" if _is_count(kept) else " ".join(kept)
    return "", ""


def _is_count(words: list[str]) -> bool:
    """Whether the rest of a text says of how many: "(n=5)"."""
    return all(re.fullmatch(r"\d+(?:st|nd|rd|th)?|n|pct", word) for word in words)
