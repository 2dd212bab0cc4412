import QtQuick
import Matinee.Theme
import Matinee.Controls

// A code to sign in with on another device, and the way there as a picture.
Row {
    id: root

    required property QtObject code

    spacing: Theme.margin

    Rectangle {
        width: Theme.px(232)
        height: width
        radius: Theme.radius
        color: root.code.picture ? Theme.focus : Theme.surface
        Image {
            objectName: "qr"
            anchors { fill: parent; margins: Theme.tight }
            source: root.code.picture
            smooth: false
            fillMode: Image.PreserveAspectFit
            Accessible.role: Accessible.Graphic
            Accessible.name: qsTr("The address as a QR code")
        }
        Spinner {
            anchors.centerIn: parent
            visible: !root.code.picture && !root.code.error
        }
        Icon {
            anchors.centerIn: parent
            name: "offline"
            size: Theme.px(56)
            color: Theme.faint
            visible: root.code.error
        }
    }
    Column {
        anchors.verticalCenter: parent.verticalCenter
        width: Theme.px(360)
        spacing: Theme.px(12)
        Label {
            width: parent.width
            wrapMode: Text.Wrap
            text: root.code.error || qsTr("Point your phone at the picture, or open this address:")
            color: root.code.error ? Theme.danger : Theme.muted
            font.pixelSize: Theme.larger
            Accessible.role: root.code.error ? Accessible.AlertMessage : Accessible.StaticText
        }
        Label {
            width: parent.width
            text: root.code.address
            font.pixelSize: Theme.heading
            font.weight: Font.DemiBold
            visible: text
        }
        Label {
            anchors.left: parent.left
            text: qsTr("and enter this code:")
            color: Theme.muted
            font.pixelSize: Theme.larger
            visible: root.code.code
        }
        Label {
            objectName: "userCode"
            anchors.left: parent.left
            text: root.code.code
            color: Theme.accent
            font.pixelSize: Theme.hero
            font.weight: Font.Bold
            font.letterSpacing: Theme.px(3)
            visible: text
            Accessible.name: qsTr("Code %1").arg(text.split("").join(" "))
        }
        Label {
            anchors.left: parent.left
            text: root.code.error ? qsTr("Matinee keeps trying by itself.") : qsTr("This page goes on by itself.")
            color: Theme.faint
            font.pixelSize: Theme.small
        }
    }
}
