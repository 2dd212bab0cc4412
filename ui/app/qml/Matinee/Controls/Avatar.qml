import QtQuick
import Matinee.Theme

// The picture of a profile, or the first letter of its name.
Rectangle {
    id: root

    property string picture
    property string letter
    property int letterSize: Theme.body

    radius: width / 2
    color: Theme.raised

    Image {
        anchors.fill: parent
        source: root.picture ? "image://icon/avatar-" + root.picture : ""
        sourceSize: Qt.size(root.width, root.height)
        visible: root.picture
        Accessible.ignored: true
    }
    Label {
        anchors.centerIn: parent
        text: root.letter
        color: Theme.accent
        font.pixelSize: root.letterSize
        font.weight: Font.DemiBold
        visible: !root.picture
        Accessible.ignored: true
    }
}
