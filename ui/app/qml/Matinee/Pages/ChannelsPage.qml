pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// The guide: channels down, time across, and above it what has the focus. Enter plays what is on, or what was.
FocusScope {
    id: root

    required property QtObject channels
    readonly property bool ready: channels.state === "ready"
    readonly property int headWidth: Theme.px(264)
    readonly property int timeWidth: guide.width - headWidth - 2 * ring
    readonly property int ring: Theme.focusWidth + Theme.focusGap
    readonly property var line: list.currentItem
    property real place: 0 // of the time line, which Up and Down keep
    property bool fresh: true // not entered yet since it was opened: the place is the present
    property string hint
    property bool watchesPast: false // the page is left for what was on
    property bool early: false // the focus waits for the channels

    signal channelChosen(string titleId)
    signal programmeChosen(string titleId, real begins)
    signal recordingChosen(string titleId)
    signal recordingMenuWanted(string titleId)
    signal leaving()

    function enter() {
        if (ready && list.count > 0) {
            if (fresh) {
                channels.present()
                place = channels.nowAt
            }
            enterLine(Math.max(0, list.currentIndex), !fresh)
            fresh = false
        } else {
            const stop = trouble.visible ? trouble : bar
            early = true
            stop.forceActiveFocus(Qt.OtherFocusReason)
        }
    }
    function enterAnew() {
        if (activeFocus && !list.activeFocus && (early || !bar.activeFocus))
            enter()
    }
    function enterLine(number: int, kept = false) {
        early = false
        list.forceLayout() // the lines may have come at this moment
        list.currentIndex = number
        list.positionViewAtIndex(number, ListView.Contain)
        list.forceActiveFocus(Qt.OtherFocusReason)
        kept ? list.currentItem?.keep() : list.currentItem?.enterAt(place)
    }
    function step(by: int) {
        const next = list.currentIndex + by
        if (next < 0)
            bar.forceActiveFocus(Qt.OtherFocusReason)
        else if (next < list.count)
            enterLine(next)
        else if (list.footerItem.visible) {
            list.positionViewAtEnd()
            list.footerItem.forceActiveFocus(Qt.OtherFocusReason)
        }
    }
    function record(titleId: string, programme: var) {
        if (programme.recordable || programme.recorded)
            channels.record(titleId, programme.begins)
        else
            say(qsTr("This programme may not be recorded"))
    }
    // What is said twice fades in again, so that no press is without an answer.
    function say(words: string) {
        hint = words
        fadesIn.restart()
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
    onVisibleChanged: {
        if (!visible)
            fresh = !watchesPast // what was on is come back to
        watchesPast = false
        hint = ""
    }

    Rectangle { anchors.fill: parent; color: Theme.background }
    Image {
        anchors { top: parent.top; right: parent.right }
        width: parent.width * 0.6
        height: guide.y + Theme.px(24)
        source: root.ready ? root.line?.backdrop ?? "" : ""
        sourceSize.width: width
        asynchronous: true
        fillMode: Image.PreserveAspectCrop
        visible: status === Image.Ready
        Accessible.ignored: true
        Rectangle {
            anchors.fill: parent
            color: Theme.veilHalf
        }
        Rectangle {
            anchors.fill: parent
            gradient: Gradient {
                orientation: Gradient.Horizontal
                GradientStop { position: root.LayoutMirroring.enabled ? 1 : 0; color: Theme.background }
                GradientStop { position: root.LayoutMirroring.enabled ? 0.2 : 0.8; color: Theme.veil }
            }
        }
        Rectangle {
            anchors.fill: parent
            gradient: Gradient {
                GradientStop { position: 0.35; color: Theme.veil }
                GradientStop { position: 1; color: Theme.background }
            }
        }
    }
    PageTop {
        id: bar
        anchors { left: parent.left; leftMargin: Theme.margin }
        y: Theme.px(30)
        heading: qsTr("Live")
        backName: "leaveChannels"
        onLeaving: root.leaving()
        Keys.onDownPressed: root.ready ? root.enter() : trouble.visible ? trouble.forceActiveFocus(Qt.OtherFocusReason) : undefined
    }
    Column {
        id: about
        anchors { left: parent.left; leftMargin: Theme.margin; top: bar.bottom; topMargin: Theme.gap }
        width: Math.min(parent.width * 0.55, Theme.px(620))
        height: Theme.type(124)
        spacing: Theme.tight
        visible: root.ready && root.line
        Label {
            objectName: "guideName"
            width: parent.width
            text: root.line?.programme?.name ?? ""
            font.pixelSize: Theme.title
            font.weight: Font.DemiBold
        }
        Label {
            id: facts
            objectName: "guideFacts"
            width: parent.width
            text: [root.line?.name, root.line?.programme?.when, root.line?.programme?.recorded, root.hint || root.channels.recordings.notice || root.line?.programme?.left].filter(Boolean).join("  ·  ")
            color: root.hint ? Theme.accent : Theme.soft
            FadeIn {
                id: fadesIn
                target: facts
            }
        }
        Label {
            width: parent.width
            text: root.line?.synopsis ?? ""
            color: Theme.muted
            wrapMode: Text.Wrap
            maximumLineCount: 2
        }
    }
    Item {
        id: guide
        anchors { top: about.bottom; topMargin: Theme.tight; bottom: parent.bottom }
        anchors { left: parent.left; right: parent.right; leftMargin: Theme.margin - root.ring; rightMargin: Theme.margin - root.ring }
        visible: root.ready

        Item {
            id: hours
            anchors { right: parent.right; rightMargin: root.ring }
            width: root.timeWidth
            height: Theme.type(28)
            Repeater {
                model: root.channels.hours
                Label {
                    required property int index
                    required property string modelData
                    x: root.LayoutMirroring.enabled ? root.timeWidth * (1 - index / 4) - width : root.timeWidth * index / 4
                    text: modelData
                    color: Theme.muted
                    font.pixelSize: Theme.small
                }
            }
        }
        // The present
        Rectangle {
            readonly property real at: root.timeWidth * root.channels.nowAt
            x: root.LayoutMirroring.enabled ? root.ring + root.timeWidth - at : parent.width - root.ring - root.timeWidth + at
            anchors.top: hours.bottom
            width: Theme.px(2)
            height: Math.min(list.height, list.count * (Theme.px(76) + list.spacing) - list.contentY) // as far as there are channels
            color: Theme.accent
            opacity: 0.8
            visible: list.count > 0 && root.channels.nowAt <= 1
        }
        ListView {
            id: list
            objectName: "channelLines"
            anchors { top: hours.bottom; bottom: parent.bottom; left: parent.left; right: parent.right }
            enabled: root.ready
            focus: true
            clip: true
            bottomMargin: Theme.wide
            topMargin: root.ring // the ring is not cut
            spacing: Theme.tight
            cacheBuffer: 600
            boundsBehavior: Flickable.StopAtBounds
            highlightMoveDuration: Theme.calm
            highlightMoveVelocity: -1
            keyNavigationEnabled: false
            model: root.channels.lines
            Accessible.role: Accessible.List
            Accessible.name: qsTr("Channels")
            onCountChanged: Qt.callLater(root.enterAnew)
            onVisibleChanged: Qt.callLater(root.enterAnew)
            Keys.priority: Keys.AfterItem
            Keys.onUpPressed: root.step(-1)
            Keys.onDownPressed: root.step(1)
            footer: PosterRow {
                x: root.ring - Theme.margin
                width: list.width + 2 * (Theme.margin - root.ring)
                height: visible ? implicitHeight + Theme.wide : 0
                topPadding: Theme.wide
                visible: count > 0
                enabled: visible
                heading: qsTr("Recordings")
                prefix: "recording_"
                model: root.channels.recordings.titles
                onTitleChosen: titleId => root.recordingChosen(titleId)
                onMenuWanted: (_card, titleId) => root.recordingMenuWanted(titleId)
                onVisibleChanged: if (!visible && activeFocus) root.enter()
                Keys.onUpPressed: root.enterLine(list.count - 1, true)
                Keys.onDownPressed: event => event.accepted = true
            }
            delegate: ChannelLine {
                anchors.horizontalCenter: parent?.horizontalCenter
                width: ListView.view.width - 2 * root.ring
                headWidth: root.headWidth
                timeWidth: root.timeWidth
                onActiveFocusChanged: if (activeFocus) list.currentIndex = index
                onBeyond: step => {
                    const found = root.channels.reveal(titleId, begins, step)
                    if (found >= 0)
                        focusAt(found)
                }
                onProgrammeChanged: {
                    if (!activeFocus)
                        return
                    root.hint = ""
                    root.place = programme?.on ? root.channels.nowAt : programme ? programme.from + (programme.to - programme.from) / 4 : 0
                }
                onChosen: programme => {
                    if (programme.on)
                        root.channelChosen(titleId)
                    else if (programme.over) {
                        root.watchesPast = true
                        root.programmeChosen(titleId, programme.begins)
                    } else if (programme.recordable)
                        root.record(titleId, programme)
                    else
                        root.say(qsTr("Begins later"))
                }
                onRecordWanted: programme => root.record(titleId, programme)
            }
        }
    }
    Skeleton {
        anchors { left: parent.left; leftMargin: Theme.margin; top: about.bottom; topMargin: Theme.wide }
        columns: 1
        rowCount: 5
        cellWidth: parent.width - 2 * Theme.margin
        cellHeight: Theme.px(84)
        lineHeight: Theme.px(76)
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
