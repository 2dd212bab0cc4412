import QtQuick
import Matinee.Theme

// A title in a row or grid: picture, progress, name and facts. Enter opens it; held, or the right button, its menu.
Pressable {
    id: root

    property string titleId
    property string text
    property string facts
    property string poster
    property real progress: 0
    property string badge
    property int rank: 0 // its place in a row whose order counts

    readonly property alias stage: stage // where its clip is shown

    signal menuWanted()

    property bool armed: false // Enter went down here

    function enterDown(event: KeyEvent) {
        event.accepted = true
        if (!event.isAutoRepeat) {
            armed = true
        } else if (armed) {
            armed = false
            menuWanted()
        }
    }

    name: text
    description: [facts, badge, rank > 0 ? qsTr("Place %1").arg(rank) : ""].filter(Boolean).join(", ")
    ringed: false
    byRelease: true
    width: Theme.posterWidth
    height: frame.height + Theme.px(12) + title.height + Theme.tiny + detail.height
    z: activeFocus ? 1 : 0
    Keys.onReturnPressed: event => enterDown(event)
    Keys.onEnterPressed: event => enterDown(event)
    Keys.onSelectPressed: event => enterDown(event)
    Keys.onMenuPressed: menuWanted()
    Keys.onReleased: event => {
        if (armed && !event.isAutoRepeat && [Qt.Key_Return, Qt.Key_Enter, Qt.Key_Select].includes(event.key)) {
            armed = false
            event.accepted = true
            pressed()
        }
    }
    onActiveFocusChanged: {
        armed = false
        activeFocus ? Resting.focusOn(root) : Resting.leave(root)
    }
    onHoveredChanged: hovered ? Resting.hover(root) : Resting.unhover(root)
    Component.onDestruction: Resting.leave(root)

    MouseArea {
        anchors.fill: parent
        acceptedButtons: Qt.RightButton
        onClicked: {
            root.forceActiveFocus(Qt.MouseFocusReason)
            root.menuWanted()
        }
    }

    // The ring belongs around the picture, not around the words.
    FocusRing { target: frame; shown: root.activeFocus; scale: frame.scale }

    Rectangle {
        id: frame
        width: parent.width
        height: Math.round(width / Theme.posterAspect)
        radius: Theme.radius
        scale: root.activeFocus && !Theme.still ? 1.04 : 1
        Behavior on scale { NumberAnimation { duration: Theme.focusMoves; easing.type: Easing.OutCubic } }
        gradient: Gradient {
            GradientStop { position: 0; color: Theme.raisedHover }
            GradientStop { position: 1; color: Theme.surface }
        }
        Icon {
            anchors.centerIn: parent
            name: "film"
            size: Theme.px(40)
            color: Theme.faint
            visible: picture.status !== Image.Ready
        }
        Image {
            id: picture
            anchors.fill: parent
            source: root.poster
            sourceSize.width: Theme.posterWidth * 1.5
            asynchronous: true
            fillMode: Image.PreserveAspectCrop
            opacity: status === Image.Ready ? 1 : 0
            Behavior on opacity { NumberAnimation { duration: Theme.pictureFades } }
            Accessible.ignored: true
        }
        Item {
            id: stage
            anchors.fill: parent
        }
        Rectangle {
            anchors.fill: parent
            color: Theme.focus
            opacity: root.hovered ? 0.08 : 0
            Behavior on opacity { NumberAnimation { duration: Theme.quick } }
        }
        // A large numeral over a shade, as its place counts.
        Rectangle {
            anchors { left: parent.left; bottom: parent.bottom }
            width: Math.max(parent.width * 0.4, numeral.width * 1.7)
            height: parent.height
            visible: root.rank > 0
            rotation: LayoutMirroring.enabled ? 180 : 0
            gradient: Gradient {
                orientation: Gradient.Horizontal
                GradientStop { position: 0; color: Theme.shadeDeep }
                GradientStop { position: 0.6; color: Theme.shade }
                GradientStop { position: 1; color: Theme.clearBlack }
            }
        }
        Label {
            id: numeral
            anchors { left: parent.left; leftMargin: Theme.px(12); bottom: parent.bottom }
            text: root.rank
            visible: root.rank > 0
            font.pixelSize: Theme.numeral
            font.weight: Font.Bold
            font.letterSpacing: -2
            Accessible.ignored: true
        }
        // Rounds the picture's corners by painting over them; the software scene has no masks.
        Rectangle {
            anchors.fill: parent
            anchors.margins: -Theme.radius
            radius: 2 * Theme.radius
            color: Theme.clear
            border.width: Theme.radius
            border.color: Theme.background
            visible: picture.status === Image.Ready
        }
        Rectangle {
            anchors { right: parent.right; top: parent.top; margins: Theme.tight }
            width: Math.ceil(mark.implicitWidth) + Theme.px(14)
            height: Math.ceil(mark.implicitHeight) + Theme.px(6)
            radius: Theme.radiusSmall
            color: Theme.shadeDeep // the accent is for what plays and how far
            visible: root.badge && root.progress === 0
            Label {
                id: mark
                anchors.centerIn: parent
                text: root.badge
                font.pixelSize: Theme.small
                font.weight: Font.DemiBold
                Accessible.ignored: true
            }
        }
        Rectangle {
            anchors { left: parent.left; right: parent.right; bottom: parent.bottom; margins: Theme.tight }
            height: Theme.px(4)
            radius: height / 2
            color: Theme.shade
            visible: root.progress > 0
            Rectangle {
                anchors.left: parent.left
                width: parent.width * root.progress
                height: parent.height
                radius: height / 2
                color: Theme.accent
            }
        }
    }
    Label {
        id: title
        anchors { top: frame.bottom; topMargin: Theme.px(12) } // clear of the ring
        width: parent.width
        text: root.text
        font.weight: Font.DemiBold
        color: root.activeFocus || root.hovered ? Theme.text : Theme.soft
        Accessible.ignored: true
    }
    Label {
        id: detail
        anchors { top: title.bottom; topMargin: Theme.tiny }
        width: parent.width
        text: root.facts
        color: Theme.muted
        font.pixelSize: Theme.small
        Accessible.ignored: true
    }
}
