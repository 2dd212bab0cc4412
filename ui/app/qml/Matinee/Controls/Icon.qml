import QtQuick
import Matinee.Theme

Image {
    property string name
    property color color: Theme.text
    property int size: Theme.icon

    width: size
    height: size
    sourceSize: Qt.size(size, size)
    mirror: LayoutMirroring.enabled && ["back", "sign-out"].includes(name) // those that point to a side
    source: name ? "image://icon/" + name + "/" + encodeURIComponent(color.toString()) : ""
    Accessible.ignored: true
}
