import QtQuick
import Matinee.Theme

Image {
    property string name
    property color color: Theme.text
    property int size: Theme.icon

    width: size
    height: size
    sourceSize: Qt.size(size, size)
    source: name ? "image://icon/" + name + "/" + encodeURIComponent(color.toString()) : ""
    Accessible.ignored: true
}
