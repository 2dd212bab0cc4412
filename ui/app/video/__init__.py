"""Video inside the Qt Quick scene: two items under one QML name, fed by libmpv's render API."""
