"""View models: QObjects that QML binds to. They hold what is shown and never block; no QML is needed to test them."""
