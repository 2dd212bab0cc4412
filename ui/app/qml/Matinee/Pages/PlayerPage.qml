import QtQuick
import Matinee.Theme
import Matinee.Controls

// The video lies under this page. The overlay comes with any key or movement and goes by itself.
FocusScope {
    id: root

    required property QtObject player
    required property QtObject keys
    property bool tv: false
    property bool fullScreen: false
    property bool small: false // picture in picture: the picture and little else
    property bool statisticsShown: false
    readonly property bool failed: player.failure !== ""
    readonly property bool asking: player.asksPresence && !failed
    readonly property bool covered: failed || asking
    readonly property bool overlayStays: player.paused || menu.visible || entry.visible || seekBar.dragging || covered

    // Subtitles rise above the controls, so that nobody reads through them.
    readonly property real controlsShare: visible && overlay.enabled && height > 0 ? bottomShade.height / height : 0
    onControlsShareChanged: player.coverBottom(controlsShare)

    signal leaving()
    signal helpWanted(string place) // with what ended the playback
    signal fullScreenToggled()
    signal smallToggled()
    signal dragged()
    signal keysWanted()

    function enter() {
        statisticsShown = false
        menu.visible = false
        entry.close() // it may be open on a page that is not shown
        show()
        rest()
    }
    // Where the focus is while no control has it.
    function rest() {
        if (upNext.enabled)
            upNext.enter()
        else
            idle.forceActiveFocus(Qt.OtherFocusReason)
    }
    function show() {
        player.noticeViewer()
        overlay.shown = true
        hideLater.restart()
    }
    // A timer of this page must not act on the page that follows it.
    onVisibleChanged: if (!visible) hideLater.stop()
    function hide() {
        overlay.shown = false
        if (enabled && !covered && !entry.visible)
            rest()
    }
    function goBack() {
        if (menu.visible)
            closeMenu()
        else if (upNext.nextShown)
            player.upNext.dismiss()
        else if (small)
            smallToggled()
        else if (fullScreen && !tv)
            fullScreenToggled()
        else
            leaving()
    }
    function openMenu(which: string, button: Item) {
        if (which === "tools" && !menu.keeps)
            player.tools.open()
        menu.isTools = which === "tools"
        const menus = {
            quality: [qsTr("Quality"), player.qualities, key => player.chooseQuality(key)],
            audio: [qsTr("Audio"), player.audioTracks, key => player.chooseAudio(key)],
            subtitles: [qsTr("Subtitles"), player.textTracks, key => player.chooseText(key)],
            speed: [qsTr("Speed"), player.speeds, key => player.chooseSpeed(key)],
            tools: [player.tools.heading, player.tools.options, key => player.tools.choose(key)]
        }
        menu.heading = menus[which][0]
        menu.model = menus[which][1]
        menu.choose = menus[which][2]
        menu.fit()
        menu.opener = button
        menu.place()
        menu.visible = true
        menu.open()
    }
    function closeMenu() {
        menu.visible = false
        if (menu.opener && menu.opener.visible)
            menu.opener.forceActiveFocus(Qt.PopupFocusReason)
        else
            controls.enter()
        show()
    }
    // Keys that work wherever the focus is on this page; the keys page says which they are.
    function shortcut(event: var): bool {
        const action = keys.actionFor(event.key, event.modifiers)
        if (action === "tenth")
            player.seekToTenth(event.key - Qt.Key_0)
        else if (action)
            perform(action)
        return action !== ""
    }
    function perform(action: string) {
        switch (action) {
        case "leave": goBack(); break
        case "play_pause": player.toggle(); break
        case "back": player.step(-1); break
        case "forward": player.step(1); break
        case "start": player.seekTo(0); break
        case "start_over": player.startOver(); break
        case "record": player.record(); break
        case "full_screen": fullScreenToggled(); break
        case "picture_in_picture": smallToggled(); break
        case "statistics": statisticsShown = !statisticsShown; break
        case "tools": controls.openTools(); break
        case "help": keysWanted(); break
        default: player.tools.perform(action)
        }
    }

    onCoveredChanged: Qt.callLater(settle)
    onSmallChanged: Qt.callLater(settle) // the button that led back has gone with the small window
    function settle() {
        menu.visible = false
        if (entry.visible)
            entry.close()
        if (!activeFocus)
            return
        if (covered)
            failed ? trouble.enter() : question.forceActiveFocus(Qt.OtherFocusReason)
        else
            rest()
    }
    function shareFocus() {
        const controlled = [controls, seekBar, backButton, menu, entry].some(item => item.activeFocus)
        if (activeFocus && !covered && !controlled)
            rest()
    }
    onOverlayStaysChanged: if (visible) show()
    Keys.onPressed: event => {
        show()
        event.accepted = shortcut(event)
    }

    Timer {
        id: hideLater
        interval: Theme.overlayStays
        onTriggered: root.overlayStays ? restart() : root.hide()
    }
    MouseArea {
        anchors.fill: parent
        hoverEnabled: true
        cursorShape: overlay.shown ? Qt.ArrowCursor : Qt.BlankCursor
        acceptedButtons: Qt.LeftButton | Qt.RightButton
        onPositionChanged: root.show()
        onPressed: event => { if (root.small && event.button === Qt.LeftButton) root.dragged() }
        onClicked: event => {
            if (menu.visible)
                root.closeMenu()
            else if (root.covered)
                return
            else if (event.button === Qt.RightButton && !root.small)
                root.perform("tools")
            else
                root.player.toggle()
        }
        onDoubleClicked: event => {
            if (event.button === Qt.LeftButton)
                root.small ? root.smallToggled() : root.fullScreenToggled()
        }
        onWheel: event => {
            root.show()
            root.player.setVolume(root.player.volume + (event.angleDelta.y > 0 ? 5 : -5))
        }
    }

    // Music without a cover. It hides the last picture of what played before.
    Rectangle {
        objectName: "soundPanel"
        anchors.fill: parent
        color: Theme.background
        visible: root.player.soundOnly && !root.covered
        StateMessage {
            anchors.centerIn: parent
            visible: !root.small
            icon: "audio"
            heading: root.player.title
            sentence: root.player.performer
        }
    }

    // Has the focus while no control has it: Left and Right step, Up and Down reach the controls.
    Item {
        id: idle
        objectName: "idle"
        focus: true
        Accessible.role: Accessible.Pane
        Accessible.name: qsTr("Video, %1").arg(root.player.title)
        Accessible.focusable: true
        Keys.onPressed: event => {
            root.show()
            event.accepted = true
            switch (event.key) {
            case Qt.Key_Left: root.player.step(-1); break
            case Qt.Key_Right: root.player.step(1); break
            case Qt.Key_Up: case Qt.Key_Down: if (!root.small) controls.enter(); break
            case Qt.Key_Return: case Qt.Key_Enter: case Qt.Key_Select: root.player.toggle(); break
            default: event.accepted = false
            }
        }
    }

    Item {
        id: overlay
        objectName: "overlay"

        property bool shown: true

        anchors.fill: parent
        opacity: shown && !root.covered && !root.small ? 1 : 0
        visible: opacity > 0
        enabled: shown && !root.covered && !root.small
        Behavior on opacity { NumberAnimation { duration: Theme.calm } }

        Rectangle {
            width: parent.width
            height: Theme.px(150)
            gradient: Gradient {
                GradientStop { position: 0; color: Theme.shadeDeep }
                GradientStop { position: 1; color: Theme.clearBlack }
            }
        }
        Rectangle {
            id: bottomShade
            anchors.bottom: parent.bottom
            width: parent.width
            height: Theme.px(176)
            gradient: Gradient {
                GradientStop { position: 0; color: Theme.clearBlack }
                GradientStop { position: 0.4; color: Theme.shade }
                GradientStop { position: 1; color: Theme.shadeDeep }
            }
        }
        IconButton {
            id: backButton
            objectName: "back"
            x: Theme.margin - Theme.px(11)
            y: Theme.px(30)
            icon: "back"
            name: qsTr("Back")
            onPressed: root.leaving()
            Keys.onDownPressed: seekBar.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onUpPressed: event => event.accepted = true
            Keys.onLeftPressed: event => event.accepted = true
            Keys.onRightPressed: event => event.accepted = true
        }
        Label {
            objectName: "playerTitle"
            anchors { left: backButton.right; leftMargin: Theme.gap; right: chips.left; rightMargin: Theme.gap }
            anchors.verticalCenter: backButton.verticalCenter
            text: root.player.title
            font.pixelSize: Theme.title
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
        }
        Row {
            id: chips
            anchors { right: parent.right; rightMargin: Theme.margin; verticalCenter: backButton.verticalCenter }
            spacing: Theme.tight
            Chip { objectName: "rights"; text: root.player.rights }
            Chip { objectName: "rung"; text: root.player.rung; name: qsTr("Quality %1").arg(text) }
        }

        SeekBar {
            id: seekBar
            objectName: "seekBar"
            anchors { left: parent.left; right: parent.right; leftMargin: Theme.margin; rightMargin: Theme.margin }
            anchors { bottom: times.top; bottomMargin: Theme.px(2) }
            position: root.player.fraction
            buffered: root.player.buffered
            chapters: root.player.chapters
            positionText: root.player.positionText
            chapter: root.player.chapter
            durationText: root.player.durationText
            timeAt: fraction => root.player.timeAt(fraction)
            chapterAt: fraction => root.player.chapterAt(fraction)
            preview: root.player.preview
            onStepped: direction => root.player.step(direction)
            onScrubbed: fraction => {
                if (menu.visible)
                    root.closeMenu()
                root.player.scrub(fraction)
            }
            onSeeked: fraction => root.player.seekTo(fraction)
            onHovered: fraction => root.player.hover(fraction)
            Keys.onUpPressed: upNext.enabled ? upNext.enter() : backButton.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onDownPressed: controls.enter()
            Keys.onReturnPressed: root.player.toggle()
            Keys.onEnterPressed: root.player.toggle()
        }
        Item {
            id: times
            anchors { left: seekBar.left; right: seekBar.right; bottom: controls.top; bottomMargin: Theme.tight }
            height: position.implicitHeight
            Label {
                id: position
                objectName: "position"
                text: root.player.positionText
                font.pixelSize: Theme.small
                font.weight: Font.Medium
                Accessible.name: qsTr("Position %1").arg(text)
            }
            Label {
                objectName: "chapter"
                anchors { left: position.right; leftMargin: Theme.gap; right: duration.left; rightMargin: Theme.gap }
                text: root.player.chapter
                elide: Text.ElideRight
                color: Theme.soft
                font.pixelSize: Theme.small
                Accessible.name: qsTr("Chapter: %1").arg(text)
                visible: text
            }
            Label {
                id: duration
                anchors.right: parent.right
                objectName: "duration"
                text: root.player.live ? qsTr("Live") : root.player.durationText
                color: Theme.soft
                font.pixelSize: Theme.small
                Accessible.name: qsTr("Length %1").arg(text)
            }
        }
        PlayerControls {
            id: controls
            anchors { left: seekBar.left; right: seekBar.right; leftMargin: -Theme.px(11); rightMargin: -Theme.px(11) }
            anchors { bottom: parent.bottom; bottomMargin: Theme.px(26) }
            player: root.player
            tv: root.tv
            fullScreen: root.fullScreen
            statisticsShown: root.statisticsShown
            onMenuAsked: (which, button) => root.openMenu(which, button)
            onStatisticsToggled: root.statisticsShown = !root.statisticsShown
            onFullScreenToggled: root.fullScreenToggled()
            onSmallToggled: root.smallToggled()
            Keys.onUpPressed: seekBar.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onDownPressed: root.hide()
        }
    }

    UpNextPanel {
        id: upNext
        objectName: "upNext"
        anchors { right: parent.right; rightMargin: Theme.margin; bottom: parent.bottom }
        anchors.bottomMargin: overlay.shown ? Theme.px(168) : Theme.margin
        upNext: root.player.upNext
        visible: offering && !root.covered && !root.small && !menu.visible
        // It takes the focus where no control has it, and gives it back when it goes.
        onEnabledChanged: Qt.callLater(root.shareFocus)
        onNextShownChanged: Qt.callLater(root.shareFocus)
        onIntroSkipped: root.player.skipIntro()
        onStepped: direction => root.player.step(direction)
        // Its keys show the controls like any others; what is hidden takes no focus.
        Keys.onUpPressed: { root.show(); backButton.forceActiveFocus(Qt.OtherFocusReason) }
        Keys.onDownPressed: { root.show(); seekBar.forceActiveFocus(Qt.OtherFocusReason) }
    }
    StatisticsPanel {
        objectName: "statisticsPanel"
        x: Theme.margin
        y: Theme.px(96)
        visible: root.statisticsShown && !root.covered && !root.small
        transformOrigin: Item.TopLeft
        scale: Math.min(1, (root.height - y - bottomShade.height) / height) // above the seek bar
        statistics: root.player.statistics
    }
    WaitingPanel {
        objectName: "busy"
        anchors.centerIn: parent
        visible: root.player.busy && !root.covered
        player: root.player
    }
    Connections {
        target: root.player.tools
        // Another title plays, and the lines of the one before have gone.
        function onMenuChanged() {
            if (menu.visible && menu.isTools)
                menu.showLevel()
        }
        function onTextWanted(what: string) {
            if (what === "keys") {
                Qt.callLater(root.keysWanted) // once the menu has gone
            } else if (what === "found") {
                menu.keeps = true
                controls.openTools()
                menu.keeps = false
            } else {
                entry.ask(what)
            }
        }
    }
    // What is asked for one film is not meant for the next.
    Connections {
        target: root.player
        function onOpened() {
            if (entry.visible)
                entry.close()
        }
    }
    FormDialog {
        id: entry
        objectName: "toolEntry"

        property string what

        function ask(wanted: string) {
            what = wanted
            menu.visible = false
            heading = wanted === "time" ? qsTr("Go to a time") : qsTr("Find a line")
            sentence = wanted === "time" ? qsTr("A time such as 1:02:03.") : qsTr("Words of the subtitles that are shown.")
            firstHints = wanted === "time" ? Qt.ImhTime : Qt.ImhNone
            firstLabel = wanted === "time" ? qsTr("Time") : qsTr("Words")
            action = wanted === "time" ? qsTr("Go there") : qsTr("Find")
            open()
        }
        anchors.fill: parent
        z: 1
        onClosed: {
            root.show()
            if (root.activeFocus)
                root.rest()
        }
        onAccepted: (text, _other) => what === "time" ? root.player.tools.goToTime(text) : root.player.tools.find(text)
    }
    NoticeLine {
        objectName: "said"
        anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; topMargin: Theme.px(96) }
        icon: "info"
        text: root.covered || root.small ? "" : root.player.tools.said
    }
    NoticeLine {
        objectName: "notice"
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom }
        anchors.bottomMargin: overlay.shown ? Theme.px(168) + seekBar.pictureHeight : Theme.wide
        text: root.covered ? "" : root.player.notice
    }
    OptionMenu {
        id: menu
        objectName: "menu"

        property Item opener
        property var choose
        property bool isTools: false
        property bool keeps: false // the level that the tools are at is shown as it is

        visible: false
        enabled: visible
        // A press on something else is the end of it.
        onActiveFocusChanged: Qt.callLater(() => { if (root.activeFocus && !activeFocus) visible = false })
        ordered: isTools && root.player.tools.ordered
        offers: isTools && root.player.tools.offers
        onMore: key => { if (root.player.tools.more(key)) showLevel() }
        onMoved: (row, to) => root.player.tools.moveLine(row, to)
        anchors { bottom: parent.bottom; bottomMargin: Theme.px(106) } // above the times
        onClosed: isTools && root.player.tools.back() ? showLevel() : root.closeMenu()
        onChosen: key => {
            if (choose(key) && isTools)
                showLevel()
            else if (!entry.visible)
                root.closeMenu()
        }
        // Another level of the tools, in the same place; the line stays where a value was changed.
        function showLevel() {
            const other = heading !== root.player.tools.heading
            heading = root.player.tools.heading
            fit()
            place()
            if (other)
                openAt(root.player.tools.startRow)
        }
        function place() {
            const centre = opener.mapToItem(root, opener.width / 2, 0).x
            x = Math.max(Theme.margin, Math.min(root.width - Theme.margin - width, centre - width / 2))
        }
    }

    IconButton {
        objectName: "leaveSmall"
        anchors { right: parent.right; top: parent.top; margins: Theme.tight }
        icon: "windowed"
        name: qsTr("Back to the whole window")
        visible: root.small && (overlay.shown || root.covered)
        z: 1 // also over what has gone wrong
        activeFocusOnTab: false
        onPressed: root.smallToggled()
    }
    Rectangle {
        anchors.fill: parent
        color: Theme.scrim
        visible: root.asking
        StateMessage {
            id: question
            objectName: "stillWatching"
            anchors.centerIn: parent
            width: Math.min(parent.width - 2 * Theme.gap, implicitWidth)
            scale: root.small ? Math.min(1, parent.height / (implicitHeight + 2 * Theme.gap)) : 1
            compact: root.small
            enabled: root.asking
            icon: "pause"
            heading: qsTr("Are you still watching?")
            sentence: qsTr("Playback has paused because nothing was pressed for a long time.")
            ActionButton {
                objectName: "goOnWatching"
                text: qsTr("Go on")
                icon: "play"
                primary: true
                focus: true
                onPressed: root.player.stillWatching()
            }
            ActionButton {
                objectName: "stopWatching"
                text: qsTr("Back")
                icon: "back"
                onPressed: root.leaving()
            }
        }
    }
    TroublePanel {
        id: trouble
        anchors.fill: parent
        visible: root.failed
        enabled: visible
        trouble: root.player.trouble
        compact: root.small
        onRetried: root.player.retry()
        onHelpWanted: root.helpWanted(root.player.trouble.help)
        onLeaving: root.leaving()
    }
}
