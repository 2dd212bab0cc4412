import QtQuick
import Matinee.Theme

// A short fact in a frame: the rung, the CDN.
Rectangle {
    id: root

    property string text
    property string name: text

    visible: text
    implicitWidth: words.implicitWidth + Theme.px(20)
    implicitHeight: Theme.px(30)
    radius: Theme.radiusSmall
    color: Theme.chip
    border.width: 1
    border.color: Theme.chipLine
    Accessible.role: Accessible.StaticText
    Accessible.name: name

    Label {
        id: words
        anchors.centerIn: parent
        text: root.text
        font.pixelSize: Theme.small
        font.weight: Font.DemiBold
        Accessible.ignored: true
    }
}
