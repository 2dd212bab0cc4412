import QtQuick
import Matinee.Theme
import Matinee.Controls

// What ended a playback, what has been done about it, and the ways on from here.
FocusScope {
    id: root

    required property QtObject trouble
    property bool compact: false

    signal retried()
    signal helpWanted()
    signal leaving()

    function enter() { message.enterFirst() }

    Rectangle { anchors.fill: parent; color: Theme.background }
    StateMessage {
        id: message
        objectName: "playerTrouble"
        anchors.centerIn: parent
        width: Math.min(parent.width - 2 * (compact ? Theme.gap : Theme.margin), Theme.px(620))
        scale: compact ? Math.min(1, parent.height / (implicitHeight + 2 * Theme.gap)) : 1
        compact: root.compact
        focus: true
        icon: root.trouble.icon || "warning"
        heading: root.trouble.heading
        sentence: root.trouble.sentence
        lines: root.trouble.playing ? root.trouble.playing.split(", ") : []
        detail: root.trouble.done
        code: root.trouble.code
        ActionButton {
            objectName: "retryPlayback"
            text: root.trouble.fromStart ? qsTr("Play from the start") : qsTr("Try again")
            icon: root.trouble.fromStart ? "restart" : "retry"
            primary: true
            visible: root.trouble.again
            onPressed: root.retried()
        }
        ActionButton {
            objectName: "troubleHelp"
            text: root.trouble.helpWords
            primary: !root.trouble.again
            visible: root.trouble.help && !(root.compact && root.trouble.again)
            onPressed: root.helpWanted()
        }
        ActionButton {
            objectName: "leavePlayer"
            text: qsTr("Back")
            icon: "back"
            primary: !root.trouble.again && !root.trouble.help
            visible: primary || !root.compact
            onPressed: root.leaving()
        }
    }
}
