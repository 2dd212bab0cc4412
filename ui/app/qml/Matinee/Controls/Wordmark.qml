import QtQuick
import Matinee.Theme

// The name of the product, drawn: a screen's beam and the word.
Row {
    id: root

    property int size: Theme.title

    spacing: Theme.px(10)
    Accessible.role: Accessible.StaticText
    Accessible.name: "Matinee"

    Rectangle {
        anchors.verticalCenter: parent.verticalCenter
        width: root.size * 1.15
        height: width
        radius: width * 0.28
        color: Theme.accent
        Icon {
            anchors.centerIn: parent
            name: "play"
            color: Theme.accentDark
            size: Math.round(root.size * 0.62)
        }
    }
    Label {
        anchors.verticalCenter: parent.verticalCenter
        text: "Matinee"
        font.pixelSize: root.size
        font.weight: Font.Bold
        font.letterSpacing: -0.5
        Accessible.ignored: true
    }
}
