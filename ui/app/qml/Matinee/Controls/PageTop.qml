import QtQuick
import Matinee.Theme

// The top of a page that stands above another: the way back, and what the page is.
FocusScope {
    id: root

    property string heading
    property string backName // object name of the button

    property Item beside // at the other end, where there is something

    signal leaving()

    function goBeside() { beside?.forceActiveFocus(Qt.OtherFocusReason) }

    implicitWidth: row.implicitWidth
    implicitHeight: Theme.control

    IconButton {
        id: back
        objectName: root.backName
        anchors { left: parent.left; leftMargin: -Theme.px(11) }
        icon: "back"
        name: qsTr("Back")
        plain: true
        focus: true
        onPressed: root.leaving()
        Keys.onLeftPressed: if (LayoutMirroring.enabled) root.goBeside()
        Keys.onRightPressed: if (!LayoutMirroring.enabled) root.goBeside()
        Keys.onUpPressed: event => event.accepted = true
    }
    Label {
        id: row
        anchors { left: back.right; leftMargin: Theme.gap; verticalCenter: back.verticalCenter }
        text: root.heading
        font.pixelSize: Theme.title
        font.weight: Font.DemiBold
        Accessible.role: Accessible.Heading
    }
}
