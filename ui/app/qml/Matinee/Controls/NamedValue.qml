import QtQuick
import Matinee.Theme

// A large value under its name.
Column {
    id: root

    property string name
    property string value

    spacing: Theme.tiny
    Accessible.role: Accessible.StaticText
    Accessible.name: name + ", " + value

    Label { anchors.left: parent.left; text: root.name; color: Theme.muted; font.pixelSize: Theme.small; Accessible.ignored: true }
    Label { anchors.left: parent.left; text: root.value; font.pixelSize: Theme.title; font.weight: Font.DemiBold; Accessible.ignored: true }
}
