"""The page everybody writes first: four sliders, the same LDA, one metric, one chart."""

import pandas as pd
import plotly.express as px
import streamlit as st
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

iris = load_iris()


@st.cache_resource
def model() -> LinearDiscriminantAnalysis:
    return LinearDiscriminantAnalysis().fit(iris.data, iris.target)


st.title("Iris")
values = [
    st.slider("Sepal length", 3.5, 9.5, 5.9, 0.1),
    st.slider("Sepal width", 1.4, 4.8, 2.8, 0.1),
    st.slider("Petal length", 0.8, 8.0, 4.3, 0.1),
    st.slider("Petal width", 0.1, 3.5, 1.3, 0.1),
]
probabilities = model().predict_proba([values])[0]
names = ["Iris setosa", "Iris versicolor", "Iris virginica"]
best = int(probabilities.argmax())
st.metric("Species", names[best], f"{100 * probabilities[best]:.0f} %")
frame = pd.DataFrame({"species": names, "probability": probabilities})
st.plotly_chart(px.bar(frame, x="species", y="probability"))
