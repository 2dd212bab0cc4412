import QtQuick
import Matinee.Theme

// Shows that what is said is new, though it reads as before: it fades in at each restart.
NumberAnimation {
    property: "opacity"
    from: 0
    to: 1
    duration: Theme.heroFades
}
