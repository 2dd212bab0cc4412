pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// The channels, with what is on now and next. Enter plays one at its live edge.
FocusScope {
    id: root

    required property QtObject channels

    signal channelChosen(string titleId)
    signal leaving()

    function enter() {
        const stop = list.enabled && list.count > 0 ? list : trouble.visible ? trouble : bar
        stop.forceActiveFocus(Qt.OtherFocusReason)
    }
    function enterAnew() {
        if (activeFocus && !list.activeFocus)
            enter()
    }

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Live")
    Keys.onEscapePressed: leaving()
    Keys.onBackPressed: leaving()
    Keys.onPressed: event => {
        event.accepted = event.key === Qt.Key_Backspace
        if (event.accepted)
            leaving()
    }

    Rectangle { anchors.fill: parent; color: Theme.background }
    PageTop {
        id: bar
        anchors { left: parent.left; leftMargin: Theme.margin }
        y: Theme.px(30)
        heading: qsTr("Live")
        backName: "leaveChannels"
        onLeaving: root.leaving()
        Keys.onDownPressed: {
            if (list.visible || trouble.visible)
                (list.visible ? list : trouble).forceActiveFocus(Qt.OtherFocusReason)
        }
    }
    ListView {
        id: list
        objectName: "channelLines"
        anchors { top: bar.bottom; topMargin: Theme.wide; bottom: parent.bottom }
        anchors { left: parent.left; right: parent.right; leftMargin: Theme.margin; rightMargin: Theme.margin }
        visible: root.channels.state === "ready"
        enabled: visible
        focus: true
        clip: true
        bottomMargin: Theme.wide
        topMargin: Theme.focusWidth + Theme.focusGap // the ring is not cut
        spacing: Theme.gap
        reuseItems: true
        cacheBuffer: 600
        boundsBehavior: Flickable.StopAtBounds
        highlightMoveDuration: Theme.calm
        highlightMoveVelocity: -1
        highlightRangeMode: ListView.ApplyRange
        preferredHighlightBegin: height * 0.2
        preferredHighlightEnd: height * 0.8
        model: root.channels.lines
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Channels")
        onCountChanged: Qt.callLater(root.enterAnew)
        onVisibleChanged: Qt.callLater(root.enterAnew)
        Keys.priority: Keys.AfterItem
        Keys.onUpPressed: bar.forceActiveFocus(Qt.OtherFocusReason)
        Keys.onDownPressed: event => event.accepted = true
        delegate: ChannelLine {
            anchors.horizontalCenter: parent?.horizontalCenter
            width: ListView.view.width - 2 * (Theme.focusWidth + Theme.focusGap)
            onPressed: {
                list.currentIndex = index
                root.channelChosen(titleId)
            }
        }
    }
    Spinner {
        anchors.centerIn: parent
        visible: root.channels.state === "loading"
    }
    StateMessage {
        id: trouble
        objectName: "channelsTrouble"
        anchors.centerIn: parent
        visible: root.channels.state === "error" || root.channels.state === "empty"
        enabled: visible
        onVisibleChanged: Qt.callLater(root.enterAnew)
        icon: root.channels.state === "empty" ? "live" : "warning"
        heading: root.channels.state === "empty" ? qsTr("Nothing is on") : qsTr("The channels could not be loaded")
        sentence: root.channels.state === "empty" ? qsTr("Channels appear here as soon as the service has some.")
                                                  : root.channels.message
        Keys.onUpPressed: bar.forceActiveFocus(Qt.OtherFocusReason)
        ActionButton {
            objectName: "retryChannels"
            text: qsTr("Try again")
            icon: "retry"
            primary: true
            focus: true
            onPressed: root.channels.refresh()
        }
    }
    NoticeLine {
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.wide }
        icon: "warning"
        text: root.channels.state === "ready" ? root.channels.message : ""
    }
}
