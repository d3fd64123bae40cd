"""Ten colours that colour-blind people can tell apart (Petroff 2021), in the order in which classes get them."""

TEN = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
